import { expect, test } from 'vitest'
import { sendGenerated } from './generated-requests.ts'

test('2,000 requests, valid and broken: no 5xx, nothing that the document does not list', async () => {
  const { asked, seen } = await sendGenerated(2_000)
  const statuses = [...seen.keys()]
  for (const operationId of asked) {
    expect(statuses.filter((name) => name.startsWith(`${operationId} `))).not.toEqual([])
  }
  const made = ['createKey 201', 'listKeys 200', 'rotateKey 201', 'verifyKey 200', 'readAudit 200']
  expect(statuses).toEqual(expect.arrayContaining(made))
}, 120_000)
