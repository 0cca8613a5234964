/**
 * How instances divide a limit without talking to each other. Pure: whoever knows the same instances
 * computes the same division, so the shares of all of them sum to the limit exactly.
 *
 * Each gets floor(total / n). The units that are left over go to those that rank first for this
 * subject and limit in a rendezvous hash: other subjects rank them otherwise, so no instance gets all
 * of the rest, and when one instance is gone the others keep their order.
 */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** The instances that share, and which of them this is. */
export class Sharers {
  readonly count: number
  readonly #self: Ranked
  readonly #others: readonly Ranked[]

  /** `instanceIds` without duplicates; `self` is one of them. */
  constructor(instanceIds: readonly string[], self: string) {
    this.count = instanceIds.length
    this.#self = rankedOf(self)
    this.#others = instanceIds.filter((id) => id !== self).map(rankedOf)
  }

  /** 0 for the instance that comes first for this limit of this subject. */
  rank(subject: string, limitName: string): number {
    const hash = hashOf(limitName, hashOf(subject, FNV_OFFSET))
    const own = scoreOf(this.#self, hash)
    let before = 0
    for (const other of this.#others) {
      const score = scoreOf(other, hash)
      if (score > own || (score === own && other.id < this.#self.id)) before += 1
    }
    return before
  }
}

/** What the instance of that rank gets of `total` among `count`. */
export function shareOf(total: number, count: number, rank: number): number {
  return Math.floor(total / count) + (rank < total % count ? 1 : 0)
}

interface Ranked {
  readonly id: string
  readonly seed: number
}

const rankedOf = (id: string): Ranked => ({ id, seed: hashOf(id, FNV_OFFSET) })

const scoreOf = ({ seed }: Ranked, hash: number): number => mix(mix(seed) ^ hash)

/** FNV-1a over UTF-16 code units, continued from `hash`; the separator keeps parts apart. */
function hashOf(text: string, hash: number): number {
  let mixed = Math.imul(hash ^ 0xff, FNV_PRIME)
  for (let index = 0; index < text.length; index += 1) {
    mixed = Math.imul(mixed ^ text.charCodeAt(index), FNV_PRIME)
  }
  return mixed
}

/** The finalizer of MurmurHash3: each bit of the input turns each bit of the output half the time. */
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
