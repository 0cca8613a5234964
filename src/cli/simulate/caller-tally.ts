/** What became of the calls of one caller, and what they cost. */
export class CallerTally {
  calls = 0
  admitted = 0
  /** Whole micro-dollars of all calls. */
  withoutMicroUsd = 0
  /** Of those that are admitted. */
  withMicroUsd = 0
  /** By the name of the limit or cap. */
  readonly refused = new Map<string, number>()

  add(microUsd: number, refusedBy: string | undefined): void {
    this.calls += 1
    this.withoutMicroUsd += microUsd
    if (refusedBy === undefined) {
      this.admitted += 1
      this.withMicroUsd += microUsd
    } else {
      this.refused.set(refusedBy, (this.refused.get(refusedBy) ?? 0) + 1)
    }
  }
}
