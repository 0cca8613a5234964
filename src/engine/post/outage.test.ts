/** What is promised of mail while servers, stores and processes fail: none is lost, none sent twice. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OWNER, PostRig } from '../../../tests/post/rig.ts'
import { isDown, tokenOf } from '../../../tests/post/scripted-mailer.ts'
import { LockgateError } from '../../core/errors.ts'
import type { Store } from '../../core/ports/store.ts'
import type { Gate } from '../gate.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const REPORT = { source: 'operator' } as const
/** As a process that is killed leaves it. */
const NEVER = new Promise<never>(() => {})

let rig: PostRig
beforeEach(() => {
  rig = new PostRig()
})
afterEach(() => rig.stop())

async function leakedKey(gate: Gate): Promise<string> {
  const { record } = await gate.keys.issue({ owner: OWNER })
  await gate.leaks.reportId(record.keyId, REPORT)
  return record.keyId
}

/** Looks for mail that is due once a second, as a gate does; a store that fails is asked again. */
async function pass(gate: Gate, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += SECOND_MS) {
    rig.clock.advance(SECOND_MS)
    await gate.post.deliver().catch(() => undefined)
  }
}

test('a server down for ten minutes and a process killed meanwhile: exactly one mail', async () => {
  const first = await rig.open()
  await leakedKey(first)
  rig.mailer.answer = isDown
  await pass(first, 5 * MINUTE_MS)
  expect(rig.mailer.handed.length).toBeGreaterThan(3)
  const attempts = rig.mailer.handed.length
  rig.mailer.answer = () => NEVER
  rig.clock.advance(5 * MINUTE_MS)
  void first.post.deliver()
  await expect.poll(() => rig.mailer.handed.length).toBe(attempts + 1)
  const second = await rig.open()
  rig.mailer.answer = isDown
  await pass(second, 2 * MINUTE_MS)
  rig.mailer.answer = () => {}
  await pass(second, 60 * MINUTE_MS)
  expect(rig.mailer.taken.map(({ name, to }) => [name.slice(0, 7), to])).toEqual([
    ['leaked-', OWNER],
  ])
  expect((await second.links.look(tokenOf(rig.mailer.taken[0]))).state).toBe('open')
  expect(await second.post.deliver()).toEqual({ sent: 0, waiting: 0, failed: 0 })
})

test('a mail in the hand of a killed process is left alone for a minute, then sent', async () => {
  const killed = await rig.open()
  await leakedKey(killed)
  rig.mailer.answer = () => NEVER
  void killed.post.deliver()
  await expect.poll(() => rig.mailer.handed.length).toBe(1)
  rig.mailer.answer = () => {}
  const other = await rig.open()
  await pass(other, 59 * SECOND_MS)
  expect(rig.mailer.taken).toEqual([])
  await pass(other, SECOND_MS)
  expect(rig.mailer.taken.length).toBe(1)
})

test('a mail that was answered is not sent again where the store does not take that in', async () => {
  let isOut = false
  const through = (store: Store): Store => ({
    ...store,
    settleMail: (name, attempt, result) =>
      isOut
        ? Promise.reject(new LockgateError('store_unavailable'))
        : store.settleMail(name, attempt, result),
  })
  const gate = await rig.open({ through })
  await leakedKey(gate)
  isOut = true
  await pass(gate, 5 * MINUTE_MS)
  expect(rig.mailer.taken.length).toBe(1)
  isOut = false
  expect(await gate.post.deliver()).toEqual({ sent: 0, waiting: 0, failed: 0 })
  await pass(gate, 2 * MINUTE_MS)
  expect(rig.mailer.handed.length).toBe(1)
})

test('a mail that another process took up again in vain is not sent a second time by the first', async () => {
  let isOut = true
  const through = (store: Store): Store => ({
    ...store,
    settleMail: (name, attempt, result) =>
      isOut
        ? Promise.reject(new LockgateError('store_unavailable'))
        : store.settleMail(name, attempt, result),
  })
  const first = await rig.open({ through })
  await leakedKey(first)
  await expect(first.post.deliver()).rejects.toThrow('database')
  expect(rig.mailer.taken.length).toBe(1)
  rig.clock.advance(MINUTE_MS)
  rig.mailer.answer = isDown
  const second = await rig.open()
  await second.post.deliver()
  expect(rig.mailer.handed.length).toBe(2)
  isOut = false
  rig.mailer.answer = () => {}
  await pass(first, 5 * MINUTE_MS)
  expect(rig.mailer.handed.length).toBe(2)
  expect((await first.post.deliver()).waiting).toBe(0)
})

test('several processes send each mail once', async () => {
  const gates = [await rig.open(), await rig.open(), await rig.open()]
  const [first] = gates
  for (let mail = 0; mail < 10; mail++) if (first !== undefined) await leakedKey(first)
  await Promise.all(gates.map((gate) => gate.post.deliver()))
  expect(new Set(rig.mailer.taken.map(({ name }) => name)).size).toBe(10)
  expect(rig.mailer.taken.length).toBe(10)
})
