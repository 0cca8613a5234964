/** Buckets and fixed windows. */
import { type Cases, charge, sliding } from './bench.ts'

export const OTHER_ALGORITHMS: Cases = {
  'buckets admit the quota at once and then as it drains': async (bench, expect) => {
    for (const algorithm of ['token-bucket', 'leaky-bucket'] as const) {
      const bucket = charge([{ ...sliding(algorithm, 7, 10_000), algorithm }], {
        subject: `k${algorithm}`,
      })
      expect(await bench.admitted(20, bucket)).toEqual(7)
      expect(await bench.retryAfterMs(bucket)).toEqual(1429)
      await bench.wait(1428)
      expect(await bench.admits(bucket)).toEqual(false)
      await bench.wait(1)
      expect(await bench.admitted(2, bucket)).toEqual(1)
      await bench.wait(10_000)
      expect(await bench.admitted(20, bucket)).toEqual(7)
      await bench.wait(10_000)
    }
  },
  'a fixed window admits the quota until it ends': async (bench, expect) => {
    const fixed = charge([{ ...sliding('minute', 3), algorithm: 'fixed-window' }])
    await bench.consume(fixed)
    const status = await bench.status(fixed)
    expect(await bench.admitted(10, fixed)).toEqual(2)
    await bench.wait((status?.resetMs ?? 0) - 1)
    expect(await bench.admits(fixed)).toEqual(false)
    await bench.wait(1)
    expect(await bench.admitted(10, fixed)).toEqual(3)
  },
}
