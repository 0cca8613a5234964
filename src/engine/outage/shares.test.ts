import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Sharers, shareOf } from './shares.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 500)
const instances = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 12,
})

const ranksOf = (ids: readonly string[], subject: string, limit: string): number[] =>
  ids.map((id) => new Sharers(ids, id).rank(subject, limit))

describe('the shares of all instances', () => {
  test('sum to the limit, whatever it is and however many there are', () => {
    fc.assert(
      fc.property(
        instances,
        fc.maxSafeNat(),
        fc.string(),
        fc.string(),
        (ids, total, subject, limit) => {
          const shares = ranksOf(ids, subject, limit).map((rank) =>
            shareOf(total, ids.length, rank),
          )
          expect(shares.reduce((sum, share) => sum + BigInt(share), 0n)).toBe(BigInt(total))
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
        },
      ),
      { numRuns: RUNS },
    )
  })

  test('are computed alike by every instance, in whatever order it learnt of them', () => {
    fc.assert(
      fc.property(instances, fc.string(), fc.string(), (ids, subject, limit) => {
        const ranks = ranksOf(ids, subject, limit)
        expect(ranks.toSorted((a, b) => a - b)).toEqual([...ids.keys()])
        const backwards = ranksOf(ids.toReversed(), subject, limit).toReversed()
        expect(backwards).toEqual(ranks)
      }),
      { numRuns: RUNS },
    )
  })

  test('move only by what an instance had that is gone: the others keep their order', () => {
    fc.assert(
      fc.property(instances, fc.nat(), fc.string(), (ids, pick, subject) => {
        const gone = ids[pick % ids.length]
        const byRank = (among: readonly string[]): string[] => {
          const ranks = ranksOf(among, subject, 'minute')
          return among.toSorted(
            (a, b) => (ranks[among.indexOf(a)] ?? 0) - (ranks[among.indexOf(b)] ?? 0),
          )
        }
        const left = ids.filter((id) => id !== gone)
        expect(byRank(left)).toEqual(byRank(ids).filter((id) => id !== gone))
      }),
      { numRuns: RUNS },
    )
  })

  test('leave no instance without a part of what is left over, over many subjects', () => {
    const ids = ['a1', 'a2', 'a3', 'a4']
    const first = new Map(ids.map((id) => [id, 0]))
    for (let index = 0; index < 4_000; index += 1) {
      const ranks = ranksOf(ids, `k${index}`, 'minute')
      const winner = ids[ranks.indexOf(0)] ?? ''
      first.set(winner, (first.get(winner) ?? 0) + 1)
    }
    for (const times of first.values()) {
      expect(times).toBeGreaterThan(850)
      expect(times).toBeLessThan(1_150)
    }
  })
})
