/** The admin listener inside an app: what it needs to survive a leak without `lockgate serve`. */
import { expect, test } from 'vitest'
import type { OutgoingMail } from '../core/ports/mailer.ts'
import { lockgate } from '../lockgate.ts'
import { createAdmin } from './index.ts'

const HASHES = { argon2id: { memoryKiB: 1024, passes: 1 } }

test('an app with middleware alone answers the link of a mail', async () => {
  const mails: OutgoingMail[] = []
  const mailer = {
    deliver: async (mail: OutgoingMail) => void mails.push(mail),
    ...{ check: async () => {}, close: async () => {} },
  }
  const config = { databaseUrl: 'sqlite::memory:', publicUrl: 'https://keys.example', keys: HASHES }
  const gate = await lockgate({ config, mailer })
  const admin = createAdmin(gate, { version: '7' })
  const { port } = await admin.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`
  try {
    const { key, record } = await gate.keys.issue({ owner: 'ada@example.com', scopes: ['write'] })
    const report = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const reported = await fetch(`${url}/v1/leaks`, { ...report, body: JSON.stringify({ key }) })
    expect([reported.status, await reported.json()]).toEqual([
      200,
      { status: 'revoked', key_id: record.keyId },
    ])
    await gate.post.deliver()
    const link = new URL(mails[0]?.linkUrl ?? '')
    expect(link.origin).toBe('https://keys.example')
    expect((await fetch(url + link.pathname)).status).toBe(200)
    const form = { method: 'POST', body: new URLSearchParams({ action: 'replace' }) }
    const page = await (await fetch(url + link.pathname, form)).text()
    const [newKey = ''] = /sk_live_\w{57,}/.exec(page) ?? []
    const request = { presentedKey: newKey, address: '203.0.113.7', requestId: 'r', scope: 'write' }
    expect(await gate.check(request)).toMatchObject({ allowed: true })
    expect((await fetch(url + link.pathname)).status).toBe(410)
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ version: '7' })
  } finally {
    await admin.close()
    await gate.close()
  }
})
