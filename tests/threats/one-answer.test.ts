/** Why a key is not valid is not to be told from the answer: through the gateway, byte for byte. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createKeyFormat } from '../../src/core/key/format.ts'
import { RawClient } from '../gateway/raw-client.ts'
import { startRig } from '../gateway/rig.ts'
import { withAnotherSecret } from './keys.ts'
import { QUICK_HASH } from './observed-gate.ts'

test('unknown, wrong, mistyped, revoked, disabled and expired keys get one and the same 401', async () => {
  const rig = await startRig({ config: { keys: QUICK_HASH } })
  const { keys } = rig.gate
  const issue = (more: object = {}) => keys.issue({ owner: 'ada@example.com', ...more })
  const answerTo = async (key: string): Promise<string> => {
    const client = new RawClient(rig.port)
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\n\r\n`)
    const answer = await client.answer()
    client.end()
    const headers = Object.entries(answer.headers).filter(([name]) => name !== 'date')
    return JSON.stringify({ ...answer, headers }).replace(/req_\w+/g, 'req_')
  }
  const used = await issue()
  const [revoked, disabled, unused] = [await issue(), await issue(), await issue()]
  const expiresAtMs = Date.now() + 1_000
  const expired = await issue({ expiresAtMs })
  for (const { key } of [used, revoked]) expect(await answerTo(key)).toContain('"status":200')
  await keys.revoke(revoked.record.keyId)
  await keys.disable(disabled.record.keyId)
  await sleep(Math.max(0, expiresAtMs - Date.now()) + 1)
  const answers = new Map<string, string>()
  for (const [name, key] of Object.entries({
    mistyped: `${used.key.slice(0, -1)}!`,
    unknown: createKeyFormat('sk').generate('live').key,
    'wrong, of a key in use': withAnotherSecret(used.record.keyId),
    'wrong, of a key not used yet': withAnotherSecret(unused.record.keyId),
    'wrong, of a revoked key': withAnotherSecret(revoked.record.keyId),
    ...{ revoked: revoked.key, disabled: disabled.key, expired: expired.key },
  })) {
    answers.set(name, await answerTo(key))
  }
  const expected = answers.get('unknown') ?? ''
  expect(expected).toContain('"status":401')
  for (const [name, answer] of answers) expect({ name, answer }).toEqual({ name, answer: expected })
  await rig.stop()
})
