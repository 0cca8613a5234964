import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { nextTurn, OWNER, PostRig, PUBLIC_URL } from '../../../tests/post/rig.ts'
import { isDown, refuses, tokenOf } from '../../../tests/post/scripted-mailer.ts'
import type { Gate } from '../gate.ts'

const HOUR_MS = 3_600_000
const REPORT = { source: 'operator', where: 'src/app.ts:12' } as const

let rig: PostRig
beforeEach(() => {
  rig = new PostRig()
})
afterEach(async () => {
  vi.useRealTimers()
  await rig.stop()
})

async function leakedKey(gate: Gate): Promise<string> {
  const { record } = await gate.keys.issue({ owner: OWNER, name: 'ci', scopes: ['read', 'write'] })
  await gate.leaks.reportId(record.keyId, REPORT)
  return record.keyId
}

async function problemOf(name: string): Promise<string | null | undefined> {
  const store = await rig.openStore()
  const kept = (await store.listMail({ pageSize: 1_000 })).find((mail) => mail.name === name)
  await store.close()
  return kept?.problem
}

describe('a mail', () => {
  test('says what was found where, with a link below the public URL that works for a day', async () => {
    const gate = await rig.open()
    const keyId = await leakedKey(gate)
    expect(await gate.post.deliver()).toEqual({ sent: 1, waiting: 0, failed: 0 })
    const [mail] = rig.mailer.taken
    const nowMs = rig.clock.wallMs()
    expect(mail).toEqual({
      ...{ name: `leaked-${keyId}`, kind: 'key.leaked', to: OWNER, audience: 'owner', keyId },
      details: {
        ...{ key_name: 'ci', tier: 'free', mode: 'live', scopes: 'read write' },
        ...{ at: new Date(nowMs).toISOString(), source: 'operator', where: 'src/app.ts:12' },
      },
      ...{ createdAtMs: nowMs, linkExpiresAtMs: nowMs + 24 * HOUR_MS },
      linkUrl: expect.stringMatching(/^https:\/\/keys\.example\.com\/base\/replace\/[\w-]{43}$/),
    })
    rig.clock.advance(24 * HOUR_MS - 1)
    expect((await gate.links.look(tokenOf(mail))).state).toBe('open')
    rig.clock.advance(1)
    expect((await gate.links.look(tokenOf(mail))).state).toBe('expired')
  })

  test("is copied to the operator without the link, whatever became of the owner's", async () => {
    const gate = await rig.open({ config: { mail: { operatorCopy: 'ops@example.com' } } })
    rig.mailer.answer = ({ audience }) => (audience === 'owner' ? refuses() : undefined)
    const keyId = await leakedKey(gate)
    expect(await gate.post.deliver()).toEqual({ sent: 1, waiting: 0, failed: 1 })
    expect(rig.mailer.taken).toMatchObject([
      {
        ...{ name: `leaked-${keyId}-operator`, to: 'ops@example.com', audience: 'operator' },
        ...{ linkUrl: null, linkExpiresAtMs: null },
      },
    ])
  })

  test('gets a token of its own at each attempt, and each opens the link', async () => {
    const gate = await rig.open()
    await leakedKey(gate)
    rig.mailer.answer = isDown
    await gate.post.deliver()
    rig.clock.advance(10_000)
    await gate.post.deliver()
    const tokens = rig.mailer.handed.map(tokenOf)
    expect(new Set(tokens).size).toBe(2)
    for (const token of tokens) expect((await gate.links.look(token)).state).toBe('open')
  })

  test('that is refused for good fails at once, and is logged as an error', async () => {
    const gate = await rig.open()
    rig.mailer.answer = refuses
    const keyId = await leakedKey(gate)
    expect(await gate.post.deliver()).toEqual({ sent: 0, waiting: 0, failed: 1 })
    rig.clock.advance(24 * HOUR_MS)
    await gate.post.deliver()
    expect(rig.mailer.handed.length).toBe(1)
    expect(await problemOf(`leaked-${keyId}`)).toBe('mail.example: 550 no such mailbox')
    expect(rig.logged.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringContaining(`leaked-${keyId}`),
    ])
  })

  test('is given up after a day of trying', async () => {
    const gate = await rig.open()
    rig.mailer.answer = isDown
    const keyId = await leakedKey(gate)
    const beganAtMs = rig.clock.wallMs()
    while ((await gate.post.deliver()).waiting > 0) rig.clock.advance(10_000)
    const elapsedMs = rig.clock.wallMs() - beganAtMs
    expect(elapsedMs).toBeGreaterThan(23 * HOUR_MS)
    expect(elapsedMs).toBeLessThanOrEqual(24 * HOUR_MS)
    expect(await problemOf(`leaked-${keyId}`)).toMatch(
      /^given up after \d+ attempts: mail\.example/,
    )
    const levels = rig.logged.map((line) => line.split(' ')[0])
    expect(levels.filter((level) => level === 'warn' || level === 'error')).toEqual([
      'warn',
      'error',
    ])
  }, 60_000)

  test('whose link was used meanwhile is not sent any more', async () => {
    const gate = await rig.open()
    // It arrived, but its answer did not.
    rig.mailer.answer = isDown
    const keyId = await leakedKey(gate)
    await gate.post.deliver()
    await gate.links.replace(tokenOf(rig.mailer.handed[0]))
    rig.mailer.answer = () => {}
    rig.clock.advance(10_000)
    expect(await gate.post.deliver()).toEqual({ sent: 0, waiting: 0, failed: 1 })
    expect(rig.mailer.handed.length).toBe(1)
    expect(await problemOf(`leaked-${keyId}`)).toContain('no longer needed')
  })

  test('leaves its token nowhere, even where a server quotes what it refuses', async () => {
    const gate = await rig.open()
    const keyId = await leakedKey(gate)
    rig.mailer.answer = ({ linkUrl }) => {
      throw new Error(`spam: ${linkUrl}`, { cause: linkUrl })
    }
    await gate.post.deliver()
    const token = tokenOf(rig.mailer.handed[0])
    expect(token.length).toBe(43)
    expect(await problemOf(`leaked-${keyId}`)).toBe(`spam: ${PUBLIC_URL}/replace/…`)
    expect(rig.logged.join('\n')).not.toContain(token)
    expect(rig.databaseText()).not.toContain(token)
  })
})

describe('a postman', () => {
  test('makes one attempt at a time, and sends what came meanwhile', async () => {
    const gate = await rig.open()
    for (let mail = 0; mail < 3; mail++) await leakedKey(gate)
    rig.mailer.answer = nextTurn
    const first = gate.post.deliver()
    await leakedKey(gate)
    await Promise.all([first, gate.post.deliver(), gate.post.deliver()])
    expect(rig.mailer.taken.length).toBe(4)
    expect(rig.mailer.mostAtOnce).toBe(1)
  })

  test('sends at once what this process has to send, and each second what others have', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const server = await rig.open({ chores: true })
    await leakedKey(server)
    await expect.poll(() => rig.mailer.taken.length).toBe(1)
    const command = await rig.open()
    await leakedKey(command)
    await nextTurn()
    expect(rig.mailer.taken.length).toBe(1)
    await vi.advanceTimersByTimeAsync(1_000)
    await expect.poll(() => rig.mailer.taken.length).toBe(2)
  })

  test('that closes waits for the mail in hand', async () => {
    const gate = await rig.open()
    await leakedKey(gate)
    let taken = (): void => {}
    rig.mailer.answer = () => new Promise((resolve) => (taken = resolve))
    void gate.post.deliver()
    await expect.poll(() => rig.mailer.handed.length).toBe(1)
    const closing = gate.close()
    taken()
    await closing
    expect(rig.mailer.isClosed).toBe(true)
    const other = await rig.open()
    expect(await other.post.deliver()).toEqual({ sent: 0, waiting: 0, failed: 0 })
  })

  test('that closes waits no longer than two seconds', async () => {
    const gate = await rig.open()
    await leakedKey(gate)
    rig.mailer.answer = () => new Promise(() => {})
    void gate.post.deliver().catch(() => undefined)
    await expect.poll(() => rig.mailer.handed.length).toBe(1)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let isClosed = false
    const closing = gate.close().then(() => {
      isClosed = true
    })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(isClosed).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await closing
  })

  test('without a mailer leaves mail to those who have one', async () => {
    const gate = await rig.open({ mailer: null, chores: true })
    await leakedKey(gate)
    expect(await gate.post.deliver()).toEqual({ sent: 0, waiting: 1, failed: 0 })
  })
})
