import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ADDRESS, ask, eventsOf, nextTurn, OWNER, PostRig } from '../../../tests/post/rig.ts'
import { withAnotherSecret } from '../../../tests/threats/keys.ts'
import { createKeyFormat } from '../../core/key/format.ts'
import type { Store } from '../../core/ports/store.ts'
import type { Gate } from '../gate.ts'

const HOUR_MS = 3_600_000
const BY_HOLDER = { source: 'holder', where: 'https://pastebin.example/1' } as const
const FROM = { address: ADDRESS, requestId: 'req_leak' }
const INVALID = { allowed: false, code: 'invalid_key', limits: [] }

let rig: PostRig
let gate: Gate
/** Calls of the store, by name. */
let calls: string[]
beforeEach(async () => {
  rig = new PostRig()
  calls = []
  gate = await rig.open({ through: counting })
})
afterEach(() => rig.stop())

/** A store whose calls are noted. */
function counting(store: Store): Store {
  return new Proxy(
    { ...store },
    {
      get(target, member) {
        const value: unknown = Reflect.get(target, member)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          if (member !== 'externalRevision') calls.push(String(member))
          return Reflect.apply(value, store, args)
        }
      },
    },
  )
}

const issue = (more: { expiresAtMs?: number } = {}) => gate.keys.issue({ owner: OWNER, ...more })
const report = (key: string, on = gate) => on.leaks.reportKey(key, BY_HOLDER, FROM)

describe('a report by whoever holds the key', () => {
  test('revokes it, with a trail that says who found it where', async () => {
    const { key, record } = await issue()
    const outcome = await report(key)
    expect(outcome).toMatchObject({
      ...{ effect: 'revoked', mailTo: OWNER },
      key: { keyId: record.keyId, status: 'revoked', revokedAtMs: rig.clock.wallMs() },
    })
    const rows = await gate.audit.tail({ keyId: record.keyId })
    expect(rows.map(({ row }) => row)).toMatchObject([
      { event: 'key.created' },
      {
        ...{ event: 'key.leaked', address: ADDRESS, requestId: 'req_leak', actor: 'test' },
        details: BY_HOLDER,
      },
      { event: 'key.revoked', address: ADDRESS, requestId: 'req_leak' },
    ])
  })

  test('is followed by 401 at the very next request, here and in other processes', async () => {
    const other = await rig.open()
    for (let round = 0; round < 100; round++) {
      const { key } = await issue()
      for (const each of [gate, other, gate, other]) {
        expect((await ask(each, key)).allowed).toBe(true)
      }
      await report(key, round % 2 === 0 ? gate : other)
      await nextTurn()
      expect([await ask(gate, key), await ask(other, key)]).toEqual([INVALID, INVALID])
    }
  })

  test('works for a key that has ended, too: it may have leaked all the same', async () => {
    const [expired, disabled, revoked] = [
      await issue({ expiresAtMs: rig.clock.wallMs() + HOUR_MS }),
      await issue(),
      await issue(),
    ]
    await gate.keys.disable(disabled.record.keyId)
    await gate.keys.revoke(revoked.record.keyId)
    rig.clock.advance(HOUR_MS)
    expect(await report(expired.key)).toMatchObject({ effect: 'revoked', mailTo: OWNER })
    expect(await report(disabled.key)).toMatchObject({ effect: 'revoked', mailTo: OWNER })
    expect(await report(revoked.key)).toMatchObject({ effect: 'noted', mailTo: null })
    expect(await eventsOf(gate, revoked.record.keyId)).toEqual([
      ...['key.created', 'key.revoked', 'key.leaked'],
    ])
  })

  test('gives no way back to a key that had expired or that an operator disabled', async () => {
    const expired = await issue({ expiresAtMs: rig.clock.wallMs() + HOUR_MS })
    const disabled = await issue()
    const gone = await issue({ expiresAtMs: rig.clock.wallMs() + HOUR_MS })
    await gate.keys.disable(disabled.record.keyId)
    await gate.keys.disable(gone.record.keyId)
    rig.clock.advance(HOUR_MS)
    for (const { key } of [expired, disabled, gone]) await report(key)
    await gate.post.deliver()
    expect(rig.mailer.taken.map(({ to, linkUrl }) => [to, linkUrl])).toEqual([
      ...[
        [OWNER, null],
        [OWNER, null],
        [OWNER, null],
      ],
    ])
  })

  test('that is sent twice tells and does no more than once', async () => {
    const { key, record } = await issue()
    await report(key)
    expect(await report(key)).toMatchObject({ effect: 'none', mailTo: null })
    await Promise.all([report(key), report(key), report(key)])
    await gate.post.deliver()
    expect(rig.mailer.taken.length).toBe(1)
    expect(await eventsOf(gate, record.keyId)).toEqual([
      ...['key.created', 'key.leaked', 'key.revoked'],
    ])
  })

  test('keeps no key that was pasted into the place, and no line break', async () => {
    const { key, record } = await issue()
    const where = `https://paste.example/?k=${key}\r\nBcc: eve@example.com`
    await gate.leaks.reportKey(key, { source: 'holder', where }, FROM)
    await gate.post.deliver()
    const [leaked] = await gate.audit.tail({ event: 'key.leaked' })
    const said = leaked?.row.details['where']
    expect(said).toMatch(
      /^https:\/\/paste\.example\/\?k=sk_live_\w{8}_….{1,2}Bcc: eve@example\.com$/u,
    )
    expect(rig.mailer.taken[0]?.details['where']).toBe(said)
    expect(rig.databaseText()).not.toContain(key.slice(-49))
    expect(record.keyId).toBe(key.slice(8, 16))
  })

  test('never waits for mail', async () => {
    rig.mailer.answer = () => new Promise(() => {})
    const sender = await rig.open({ chores: true })
    const { key } = await issue()
    expect(await report(key, sender)).toMatchObject({ effect: 'revoked' })
  })
})

describe('a report that proves nothing', () => {
  test('gets one and the same answer, and changes nothing', async () => {
    const { key, record } = await issue()
    const stranger = createKeyFormat('sk').generate('live').key
    const wrongSecret = withAnotherSecret(record.keyId)
    const bad = ['', 'bogus', key.slice(0, -1), `${key}x`, stranger, wrongSecret, wrongSecret]
    for (const presented of bad) expect(await report(presented)).toEqual(INVALID)
    expect((await gate.keys.find(record.keyId)).status).toBe('active')
    expect(await eventsOf(gate, record.keyId)).toEqual(['key.created', 'auth.failed'])
  })

  test('costs no I/O where it is no key at all', async () => {
    await issue()
    calls = []
    for (const presented of ['', 'bogus', `sk_live_${'x'.repeat(58)}`, '\0', 'x'.repeat(100_000)]) {
      expect(await report(presented)).toEqual(INVALID)
    }
    expect(calls).toEqual([])
  })

  test('counts as a bad credential of its address, until that has had enough', async () => {
    const { key } = await issue()
    const answers: string[] = []
    for (let guess = 0; guess < 25; guess++) {
      const denied = await report(createKeyFormat('sk').generate('live').key)
      answers.push('allowed' in denied ? denied.code : denied.effect)
    }
    expect(answers.filter((code) => code === 'invalid_key').length).toBe(20)
    expect(answers.slice(20)).toEqual(new Array(5).fill('too_many_failures'))
    expect(await ask(gate, 'bogus')).toMatchObject({ code: 'too_many_failures' })
    expect(await report(key)).toMatchObject({ code: 'too_many_failures' })
    const elsewhere = { ...FROM, address: '198.51.100.1' }
    expect(await gate.leaks.reportKey(key, BY_HOLDER, elsewhere)).toMatchObject({
      effect: 'revoked',
    })
  })

  test('is refused where the store is out of reach, not taken for a wrong key', async () => {
    const { key } = await issue()
    const broken = await rig.open({
      through: (store) => ({ ...store, findKey: () => Promise.reject(new Error('down')) }),
    })
    expect(await report(key, broken)).toMatchObject({ code: 'auth_unavailable' })
  })
})

test('reports count as requests of their address', async () => {
  const ip = {
    limits: [{ name: 'ip', quota: 2, window: '1m' }],
    failures: { quota: 20, window: '1m' },
  }
  const tight = await rig.open({ config: { ip } })
  const { key } = await issue()
  expect(await report(key, tight)).toMatchObject({ effect: 'revoked' })
  expect(await report(key, tight)).toMatchObject({ effect: 'none' })
  expect(await report(key, tight)).toMatchObject({ code: 'rate_limited', limitName: 'ip' })
})

test('the operator reports by key_id; one that is not there is said to be so', async () => {
  const { key, record } = await issue()
  const by = { source: 'operator', where: 'call' } as const
  const outcome = await gate.leaks.reportId(record.keyId, by, { actor: 'cli' })
  expect(outcome).toMatchObject({ effect: 'revoked', mailTo: OWNER })
  expect(await ask(gate, key)).toEqual(INVALID)
  const [leaked] = await gate.audit.tail({ event: 'key.leaked' })
  expect(leaked?.row).toMatchObject({ actor: 'cli', details: by })
  await expect(gate.leaks.reportId('aaaaaaaa', by)).rejects.toMatchObject({ code: 'not_found' })
})
