/** What a flood of bogus keys costs with the default parameters, in a process of its own. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const FLOOD = `
  import { createKeyFormat } from './src/core/key/format.ts'
  import { createSecretHasher } from './src/engine/secrets/hasher.ts'
  import { createHashingPool } from './src/engine/secrets/hashing-pool.ts'
  import { createSecretVerifier } from './src/engine/secrets/verifier.ts'

  const hasher = createSecretHasher({
    hash: 'argon2id',
    argon2id: { memoryKiB: 19456, passes: 2, parallelism: 1 },
    bcrypt: { cost: 12 },
  })
  const pool = createHashingPool({ running: 2, queued: 64 })
  const verifier = createSecretVerifier({ hasher, pool })
  const format = createKeyFormat('sk')
  const { keyId, secret } = format.generate('live')
  const record = { keyId, secretHash: await hasher.hash(secret) }

  globalThis.gc()
  const before = process.memoryUsage().rss
  let peak = before
  const watch = setInterval(() => { peak = Math.max(peak, process.memoryUsage().rss) }, 1)
  const counts = { match: 0, mismatch: 0, overloaded: 0 }
  for (let wave = 0; wave < 5; wave++) {
    const flood = Array.from({ length: 500 }, () => {
      const bogus = format.generate('live')
      return verifier.verifyFirst(record, bogus.key, bogus.secret)
    })
    for (const { result } of await Promise.all(flood)) counts[result] += 1
  }
  clearInterval(watch)
  console.log(JSON.stringify({ counts, grownMiB: (peak - before) / 2 ** 20 }))
`

test('500 bogus keys at once: 66 are hashed, the rest refused, and memory grows by 64 MiB at most', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--input-type=module', '--eval', FLOOD],
    { encoding: 'utf8' },
  )
  expect(status, stderr).toBe(0)
  const { counts, grownMiB } = JSON.parse(stdout)
  expect(counts).toEqual({ match: 0, mismatch: 5 * 66, overloaded: 5 * (500 - 66) })
  expect(grownMiB).toBeLessThan(64)
})
