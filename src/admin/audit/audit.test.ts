import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../../tests/admin/rig.ts'
import { auditRow } from './audit-json.ts'
import { readAudit } from './contract.ts'

let rig: AdminRig
let id: string
beforeAll(async () => {
  rig = await startAdminRig()
  id = (await rig.issue({ owner: 'ada@example.com' })).id
  await rig.gate.keys.disable(id, { actor: 'cli' })
  await rig.gate.keys.enable(id, { actor: 'cli' })
  await rig.gate.keys.revoke(id, { actor: 'library' })
})
afterAll(() => rig.stop())

async function read(query = '') {
  const { status, json } = await rig.call('GET', `/v1/audit${query}`, { key: rig.admin })
  expect(status).toBe(200)
  return readAudit.answer.parse(json)
}
const events = async (query: string) => (await read(query)).data.map(({ event }) => event)
const LIFE = ['key.created', 'key.disabled', 'key.enabled', 'key.revoked']

describe('200', () => {
  test('rows of a key, oldest first', async () => {
    expect(await events(`?key_id=${id}`)).toEqual(LIFE)
  })

  test('filters by event, actor and time', async () => {
    expect(await events(`?key_id=${id}&event=key.enabled`)).toEqual(['key.enabled'])
    expect(await events(`?key_id=${id}&actor=cli`)).toEqual(['key.disabled', 'key.enabled'])
    expect(await events('?since=2090-01-01T00:00:00Z')).toEqual([])
    expect(await events(`?key_id=${id}&until=2090-01-01T00:00:00%2B02:00`)).toEqual(LIFE)
  })

  test('pages give every row once', async () => {
    const seen: string[] = []
    let query = `?key_id=${id}&limit=3`
    for (;;) {
      const { data, next_cursor } = await read(query)
      seen.push(...data.map(({ event }) => event))
      if (next_cursor === null) break
      query = `?key_id=${id}&limit=3&cursor=${next_cursor}`
    }
    expect(seen).toEqual(LIFE)
  })

  test('a row a line, with the next page in Link, where NDJSON is asked for', async () => {
    const accept = { accept: 'application/x-ndjson' }
    const call = { key: rig.admin, headers: accept }
    const first = await rig.call('GET', `/v1/audit?key_id=${id}&limit=3`, call)
    expect(first.headers.get('content-type')).toBe('application/x-ndjson')
    const rows = first.text.trimEnd().split('\n')
    expect(rows.map((line) => auditRow.parse(JSON.parse(line)).event)).toEqual(LIFE.slice(0, 3))
    const next = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const second = await rig.call('GET', next, call)
    expect(JSON.parse(second.text)).toMatchObject({ event: 'key.revoked' })
    expect(second.headers.get('link')).toBe(null)
  })
})
