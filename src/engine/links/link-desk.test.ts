import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ask, eventsOf, leak, OWNER, PostRig, suspect } from '../../../tests/post/rig.ts'
import { tokenOf } from '../../../tests/post/scripted-mailer.ts'
import type { Gate, IssueKeyInput } from '../gate.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const CLICKER = { actor: 'owner', address: '198.51.100.4', requestId: 'req_click' }
const DEAD = { code: 'link_expired' }

let rig: PostRig
let gate: Gate
beforeEach(async () => {
  rig = new PostRig()
  gate = await rig.open()
})
afterEach(() => rig.stop())

const issue = (more: Partial<IssueKeyInput> = {}) => gate.keys.issue({ owner: OWNER, ...more })

/** The events of a key, refused requests left out. */
const lifeOf = async (keyId: string) =>
  (await eventsOf(gate, keyId)).filter((event) => event.startsWith('key.'))

async function leaked(more: Partial<IssueKeyInput> = {}) {
  const { key, record } = await issue(more)
  return { key, keyId: record.keyId, record, token: await leak(rig, gate, record.keyId) }
}

async function isDead(token: string): Promise<void> {
  for (const use of [gate.links.look, gate.links.replace, gate.links.keep, gate.links.renew]) {
    await expect(use(token)).rejects.toMatchObject(DEAD)
  }
}

describe('the link of a leaked key', () => {
  test('shows what leaked, when and where', async () => {
    const { keyId, token } = await leaked()
    const atMs = rig.clock.wallMs()
    rig.clock.advance(HOUR_MS)
    expect(await gate.links.look(token)).toMatchObject({
      ...{ state: 'open', purpose: 'leaked', atMs, where: 'src/app.ts:12' },
      ...{ reason: null, seen: null, usual: null },
      key: { keyId, status: 'revoked' },
    })
  })

  test('makes a key with the same rights that works, once', async () => {
    const {
      key: oldKey,
      keyId,
      record: old,
      token,
    } = await leaked({
      ...{ scopes: ['read', 'write'], name: 'ci', mode: 'test', ownerExternalId: 'u-1' },
      ...{ tier: 'paid', allowedAddresses: ['203.0.113.0/24'] },
      limitOverrides: [
        { name: 'minute', quota: 7, windowMs: MINUTE_MS, algorithm: 'sliding-window' },
      ],
    })
    const { key, record } = await gate.links.replace(token, CLICKER)
    const { owner, name, mode, tier, scopes, limitOverrides, allowedAddresses } = old
    expect(record).toMatchObject({
      ...{ owner, name, mode, tier, scopes, limitOverrides, allowedAddresses },
      ...{ status: 'active', rotatedFrom: keyId, expiresAtMs: null },
    })
    expect((await ask(gate, key, { scope: 'write' })).allowed).toBe(true)
    expect((await ask(gate, oldKey)).allowed).toBe(false)
    await isDead(token)
  })

  test('leaves a trail that tells who clicked, on both keys', async () => {
    const { keyId, token } = await leaked()
    const { record } = await gate.links.replace(token, CLICKER)
    const rows = (await gate.audit.tail({ actor: 'owner' })).map(({ row }) => row)
    const from = { address: '198.51.100.4', requestId: 'req_click' }
    expect(rows).toMatchObject([
      { ...from, event: 'key.replaced', keyId, details: { replaced_by: record.keyId } },
      { ...from, event: 'key.created', keyId: record.keyId, details: { replaces: keyId } },
    ])
    expect(await eventsOf(gate, keyId)).toEqual([
      ...['key.created', 'key.leaked', 'key.revoked', 'key.replaced'],
    ])
    expect(await gate.audit.verify()).toMatchObject({ intact: true })
  })

  test('is inert until the button is pressed: opened a hundred times it changes nothing', async () => {
    const { token } = await leaked()
    const before = [await eventsOf(gate), await gate.keys.list()]
    for (let open = 0; open < 100; open++) await gate.links.look(token)
    expect([await eventsOf(gate), await gate.keys.list()]).toEqual(before)
    expect(await gate.post.deliver()).toEqual({ sent: 0, waiting: 0, failed: 0 })
    await gate.links.replace(token)
  })

  test('of many clicks at once, on several processes, makes one key', async () => {
    const { token } = await leaked()
    const other = await rig.open()
    const clicks = [gate, other, gate, other, gate].map((each) => each.links.replace(token))
    const ended = await Promise.allSettled(clicks)
    expect(ended.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    for (const end of ended) {
      if (end.status === 'rejected') expect(end.reason).toMatchObject(DEAD)
    }
    expect((await gate.keys.list()).length).toBe(2)
  })

  test('cannot keep the key', async () => {
    const { token } = await leaked()
    await expect(gate.links.keep(token)).rejects.toMatchObject({ code: 'conflict' })
    expect((await gate.links.look(token)).state).toBe('open')
  })
})

describe('a token', () => {
  test('that is none is refused without asking the store', async () => {
    const blind = await rig.open({
      through: (store) => ({ ...store, findLink: () => Promise.reject(new Error('asked')) }),
    })
    const { token } = await leaked()
    for (const bad of ['', 'x', token.slice(1), `${token}x`, `${token.slice(1)}=`, `\0${token}`]) {
      await expect(blind.links.look(bad)).rejects.toMatchObject(DEAD)
    }
    await expect(blind.links.look(token)).rejects.toThrow('asked')
  })

  test('that nobody was given is refused as a used one is', async () => {
    await isDead('A'.repeat(43))
    const { token } = await leaked()
    await isDead(`${token.slice(0, -4)}AAAA`)
  })

  test('that has expired makes no key, but asks for a fresh mail to the address on file', async () => {
    const { keyId, token } = await leaked()
    rig.clock.advance(DAY_MS)
    expect((await gate.links.look(token)).state).toBe('expired')
    await expect(gate.links.replace(token)).rejects.toMatchObject(DEAD)
    await gate.links.renew(token)
    await gate.post.deliver()
    expect(rig.mailer.taken.length).toBe(2)
    const [first, fresh] = rig.mailer.taken
    expect(fresh).toMatchObject({ to: OWNER, kind: 'key.leaked', keyId, details: first?.details })
    expect((await gate.links.replace(tokenOf(fresh))).record.rotatedFrom).toBe(keyId)
    await isDead(token)
  })

  test('that works needs no fresh mail', async () => {
    const { token } = await leaked()
    await expect(gate.links.renew(token)).rejects.toMatchObject({ code: 'conflict' })
  })

  test('gives at most one fresh mail in ten minutes, and five in all', async () => {
    const { token } = await leaked()
    rig.clock.advance(DAY_MS)
    const results: string[] = []
    for (let minute = 0; minute < 100; minute++) {
      const code = await gate.links.renew(token).then(
        () => 'sent',
        (error: { code: string }) => error.code,
      )
      if (code === 'sent') results.push(`${minute}`)
      else expect(code).toBe('rate_limited')
      rig.clock.advance(MINUTE_MS)
    }
    expect(results).toEqual(['0', '10', '20', '30', '40'])
    const restarted = await rig.open()
    await expect(restarted.links.renew(token)).rejects.toMatchObject({ code: 'rate_limited' })
    await gate.post.deliver()
    expect(new Set(rig.mailer.taken.map(({ name }) => name)).size).toBe(6)
  })

  test('whose fresh mail the store did not take may ask again at once', async () => {
    const { token } = await leaked()
    let isOut = true
    const shaky = await rig.open({
      through: (store) => ({
        ...store,
        enqueueMail: (mails) =>
          isOut ? Promise.reject(new Error('down')) : store.enqueueMail(mails),
      }),
    })
    rig.clock.advance(DAY_MS)
    await expect(shaky.links.renew(token)).rejects.toThrow('down')
    isOut = false
    await shaky.links.renew(token)
  })
})

describe('the link of a suspicious key', () => {
  test('lets its owner keep a key that works', async () => {
    const { key, record } = await issue()
    const token = await suspect(rig, gate, record.keyId, false)
    expect(await gate.links.look(token)).toMatchObject({
      ...{ purpose: 'suspicious', where: null, reason: 'rate', seen: 500, usual: 5 },
    })
    expect((await gate.links.keep(token, CLICKER)).status).toBe('active')
    expect((await ask(gate, key)).allowed).toBe(true)
    await isDead(token)
    const [kept] = await gate.audit.tail({ event: 'key.kept' })
    expect(kept?.row).toMatchObject({ actor: 'owner', address: '198.51.100.4' })
  })

  test('brings a suspended key back at once', async () => {
    const { key, record } = await issue()
    expect((await ask(gate, key)).allowed).toBe(true)
    const token = await suspect(rig, gate, record.keyId, true)
    expect((await ask(gate, key)).allowed).toBe(false)
    await gate.links.keep(token)
    expect((await ask(gate, key)).allowed).toBe(true)
    expect((await lifeOf(record.keyId)).slice(-2)).toEqual(['key.kept', 'key.enabled'])
  })

  test.each([false, true])(
    'replaces the key, which ends by it (suspended: %s)',
    async (suspend) => {
      const { key, record } = await issue()
      const token = await suspect(rig, gate, record.keyId, suspend)
      const replacement = await gate.links.replace(token, CLICKER)
      expect((await ask(gate, replacement.key)).allowed).toBe(true)
      expect((await ask(gate, key)).allowed).toBe(false)
      expect((await lifeOf(record.keyId)).slice(-2)).toEqual(['key.revoked', 'key.replaced'])
    },
  )

  test('says in a fresh mail whether the key is suspended', async () => {
    const { record } = await issue()
    const token = await suspect(rig, gate, record.keyId, true)
    rig.clock.advance(DAY_MS)
    await gate.links.renew(token)
    await gate.post.deliver()
    const details = { reason: 'rate', seen: 500, usual: 5, suspended: true }
    expect(rig.mailer.taken.at(-1)).toMatchObject({ kind: 'key.suspicious', details })
  })

  test('is dead once the operator has revoked or disabled the key', async () => {
    const [revoked, disabled, suspended] = [await issue(), await issue(), await issue()]
    const tokens = [
      await suspect(rig, gate, revoked.record.keyId, false),
      await suspect(rig, gate, disabled.record.keyId, false),
      await suspect(rig, gate, suspended.record.keyId, true),
    ]
    rig.clock.advance(MINUTE_MS)
    await gate.keys.revoke(revoked.record.keyId)
    await gate.keys.disable(disabled.record.keyId)
    await gate.keys.enable(suspended.record.keyId)
    rig.clock.advance(MINUTE_MS)
    await gate.keys.disable(suspended.record.keyId)
    for (const token of tokens) await isDead(token)
  })

  test('of a key that leaks meanwhile gives way to the link of the leak', async () => {
    const { record } = await issue()
    const token = await suspect(rig, gate, record.keyId, true)
    const newer = await leak(rig, gate, record.keyId)
    await isDead(token)
    expect((await gate.links.replace(newer)).record.rotatedFrom).toBe(record.keyId)
  })
})

test('a suspended key that leaks can be replaced, unlike one that the operator disabled', async () => {
  const { record } = await issue()
  await suspect(rig, gate, record.keyId, true)
  const token = await leak(rig, gate, record.keyId)
  expect((await gate.links.look(token)).state).toBe('open')
})
