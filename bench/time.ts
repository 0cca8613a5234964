/** Times for the in-process benches: contestants take turns, medians are compared to the first. */
import { median, print } from './load.ts'
import { QUICK } from './quick.ts'

export interface Timed {
  readonly name: string
  /** Does the thing `times` times. */
  readonly run: (times: number) => void | Promise<void>
  readonly times: number
  /** Done before each round, not timed. */
  readonly prepare?: () => Promise<void>
}

export interface TimedResult {
  readonly name: string
  readonly microseconds: number
}

export async function compare(
  question: string,
  contestants: readonly Timed[],
  rounds = QUICK ? 1 : 5,
): Promise<readonly TimedResult[]> {
  const taken = new Map<string, number[]>()
  for (const { run, times, prepare } of contestants) {
    await prepare?.()
    await run(Math.ceil(times / 4))
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, run, times, prepare } of contestants) {
      await prepare?.()
      const beganAt = performance.now()
      await run(times)
      const microseconds = ((performance.now() - beganAt) * 1000) / times
      taken.set(name, [...(taken.get(name) ?? []), microseconds])
    }
  }
  const results = [...taken].map(([name, all]) => ({ name, microseconds: median(all) }))
  const baseline = results[0]?.microseconds ?? Number.NaN
  print(
    `${question} (cost as a multiple of the first)`,
    results.map(({ name, microseconds }) => ({
      name: `${name}: ${microseconds.toFixed(2)} µs`,
      perSecond: 1e6 / microseconds,
      ratio: microseconds / baseline,
    })),
    '/s',
  )
  return results
}
