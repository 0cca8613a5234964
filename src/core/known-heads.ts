/**
 * Heads that were noted down elsewhere, and whether a log passes through each of them. This is what
 * shows a log that was rewritten as a whole: it fits in itself, and not with what others hold.
 */
import type { AuditHead } from './audit.ts'

export interface KnownHeadsVerdict {
  /** Heads whose row is there, as it was. */
  readonly passed: number
  /** Heads whose row was let go of since: the checkpoint's signature stands for it. */
  readonly pruned: number
  /** The first place that is another one than was noted down. */
  readonly fault: { readonly chain: string; readonly seq: number; readonly problem: string } | null
}

export class KnownHeads {
  /** By chain and seq: their hashes, which differ where one of the heads is wrong itself. */
  readonly #awaited = new Map<string, Map<number, string[]>>()
  #passed = 0
  #pruned = 0
  #fault: KnownHeadsVerdict['fault'] = null

  constructor(heads: readonly AuditHead[], checkpoints: readonly AuditHead[]) {
    const ends = new Map(checkpoints.map((checkpoint) => [checkpoint.chain, checkpoint]))
    for (const { chain, seq, hash } of heads) {
      if (seq < (ends.get(chain)?.seq ?? 0)) this.#pruned++
      else this.#await(chain, seq, hash)
    }
    for (const checkpoint of checkpoints) this.feed(checkpoint)
  }

  feed({ chain, seq, hash }: AuditHead): void {
    const places = this.#awaited.get(chain)
    const hashes = places?.get(seq)
    if (hashes === undefined) return
    places?.delete(seq)
    if (hashes.every((noted) => noted === hash)) this.#passed += hashes.length
    else this.#fault ??= { chain, seq, problem: 'not the row of the exported head' }
  }

  finish(): KnownHeadsVerdict {
    const [missing] = [...this.#awaited].flatMap(([chain, places]) =>
      [...places.keys()].map((seq) => ({
        chain,
        seq,
        problem: 'the row of the exported head is gone',
      })),
    )
    return { passed: this.#passed, pruned: this.#pruned, fault: this.#fault ?? missing ?? null }
  }

  #await(chain: string, seq: number, hash: string): void {
    const places = this.#awaited.get(chain) ?? new Map<number, string[]>()
    places.set(seq, [...(places.get(seq) ?? []), hash])
    this.#awaited.set(chain, places)
  }
}
