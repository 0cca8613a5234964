/**
 * Forged reports against the real admin listener: all are 401, whatever was forged, and GitHub's keys
 * are not fetched more often than once a minute for them.
 */
import { expect } from 'vitest'
import { createAdminServer } from '../../src/admin/admin-server.ts'
import { resolveSettings } from '../../src/config/index.ts'
import { openGate } from '../../src/lockgate.ts'
import {
  forgeries,
  keyListOf,
  newSigners,
  sendReport,
  signedReport,
  startKeyServer,
} from './github-reports.ts'
import { QUICK_HASH } from './observed-gate.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const AT_ONCE = 8

/** mulberry32: the same forgeries each time. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export async function sendForgedReports(count: number): Promise<void> {
  const signers = newSigners()
  const keyServer = await startKeyServer(keyListOf(signers))
  // How much one address may send is another test's matter.
  const config = { databaseUrl: 'sqlite::memory:', keys: QUICK_HASH, ip: false as const }
  const leaks = { github: { publicKeysUrl: keyServer.url } }
  const settings = resolveSettings({ ...config, leaks }, {}, {})
  const gate = await openGate(settings, { log, chores: false })
  const { key, record } = await gate.keys.issue({ owner: 'ada@example.com' })
  const admin = createAdminServer({
    ...{ gate, log, version: '1.2.3', health: () => gate.health(), isDraining: () => false },
    ...{ leaks: settings.leaks, publicUrl: settings.publicUrl },
  })
  const { port } = await admin.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`
  const foundAt = 'https://github.com/octocat/Hello-World/blob/main/.env'
  const body = Buffer.from(
    JSON.stringify([{ token: key, type: 'lockgate_api_key', url: foundAt, source: 'content' }]),
  )
  const startedAtMs = performance.now()
  try {
    const ways = forgeries(signers, body)
    const random = randomFrom(1)
    const accepted: unknown[] = []
    let next = 0
    const send = async (): Promise<void> => {
      while (next < count) {
        const [name, forge] = ways[next++ % ways.length] ?? []
        if (name === undefined || forge === undefined) continue
        const forged = forge(random)
        const { status, body: answer } = await sendReport(url, forged)
        const isRefused = status === 401 && JSON.parse(answer).code === 'bad_signature'
        if (!isRefused) accepted.push({ name, status, answer, headers: forged.headers })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, send))
    expect(accepted).toEqual([])
    expect((await gate.keys.find(record.keyId)).status).toBe('active')
    const minutes = Math.ceil((performance.now() - startedAtMs) / 60_000)
    expect(keyServer.fetches()).toBeLessThanOrEqual(minutes)
    const genuine = await sendReport(url, signedReport(signers.github.privateKey, body))
    expect([genuine.status, genuine.body]).toEqual([200, expect.stringContaining('true_positive')])
    expect((await gate.keys.find(record.keyId)).status).toBe('revoked')
  } finally {
    await admin.close()
    await gate.close()
    await keyServer.close()
  }
}
