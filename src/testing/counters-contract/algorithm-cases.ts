/** Buckets and fixed windows. */
import assert from 'node:assert/strict'
import { type Cases, charge, sliding } from './bench.ts'

export const OTHER_ALGORITHMS: Cases = {
  'buckets admit the quota at once and then as it drains': async (bench) => {
    for (const algorithm of ['token-bucket', 'leaky-bucket'] as const) {
      const bucket = charge([{ ...sliding(algorithm, 7, 10_000), algorithm }], {
        subject: `k${algorithm}`,
      })
      assert.deepEqual(await bench.admitted(20, bucket), 7)
      assert.deepEqual(await bench.retryAfterMs(bucket), 1429)
      await bench.wait(1428)
      assert.deepEqual(await bench.admits(bucket), false)
      await bench.wait(1)
      assert.deepEqual(await bench.admitted(2, bucket), 1)
      await bench.wait(10_000)
      assert.deepEqual(await bench.admitted(20, bucket), 7)
      await bench.wait(10_000)
    }
  },
  'a fixed window admits the quota until it ends': async (bench) => {
    const fixed = charge([{ ...sliding('minute', 3), algorithm: 'fixed-window' }])
    await bench.consume(fixed)
    const status = await bench.status(fixed)
    assert.deepEqual(await bench.admitted(10, fixed), 2)
    await bench.wait((status?.resetMs ?? 0) - 1)
    assert.deepEqual(await bench.admits(fixed), false)
    await bench.wait(1)
    assert.deepEqual(await bench.admitted(10, fixed), 3)
  },
}
