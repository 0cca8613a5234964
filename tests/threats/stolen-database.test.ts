/**
 * Whoever has all of the database and of the logs at debug level, after a leak was reported, mailed and
 * answered, has no key and no link: neither does what they find open anything.
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256Hex } from '../../src/core/crypto.ts'
import type { Gate } from '../../src/engine/gate.ts'
import { ask, leak, OWNER, PostRig, suspect } from '../post/rig.ts'
import { isDown, tokenOf } from '../post/scripted-mailer.ts'

let rig: PostRig
let gate: Gate
beforeEach(async () => {
  rig = new PostRig()
  gate = await rig.open({ config: { mail: { operatorCopy: 'ops@example.com' } } })
})
afterEach(() => rig.stop())

/** The secret of a key or token, in parts, so that one that was cut or split is found as well. */
const needlesOf = (secret: string): string[] => [secret.slice(-43, -22), secret.slice(-22)]

test('no key and no token is in the database or in the logs, and hashes open nothing', async () => {
  const secrets: string[] = []
  for (const strange of [false, true]) {
    const { key, record } = await gate.keys.issue({ owner: OWNER })
    expect((await ask(gate, key)).allowed).toBe(true)
    rig.mailer.answer = isDown
    const before = rig.mailer.handed.length
    if (strange) await suspect(rig, gate, record.keyId, true)
    else await leak(rig, gate, record.keyId)
    rig.mailer.answer = () => {}
    rig.clock.advance(10_000)
    await gate.post.deliver()
    const tokens = rig.mailer.handed.slice(before).map(tokenOf).filter(Boolean)
    expect(tokens.length).toBe(2)
    const hash = sha256Hex(tokens[1] ?? '')
    expect(rig.databaseText()).toContain(hash)
    for (const found of [hash, hash.slice(0, 43)]) {
      await expect(gate.links.replace(found)).rejects.toMatchObject({ code: 'link_expired' })
    }
    const replacement = await gate.links.replace(tokens[1] ?? '')
    secrets.push(key, replacement.key, ...tokens)
  }
  const kept = [rig.databaseText(), rig.logged.join('\n')]
  const audit = JSON.stringify(await gate.audit.tail({ pageSize: 1_000 }))
  const needles = secrets.flatMap(needlesOf)
  expect(needles.length).toBe(16)
  for (const text of [...kept, audit]) {
    expect(needles.filter((needle) => text.includes(needle))).toEqual([])
  }
})
