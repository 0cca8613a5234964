/** Runs pieces of work one after the other, in the order in which they were asked for. */
export class Ordered {
  #last: Promise<unknown> = Promise.resolve()

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Fulfils when all that was asked for before has ended. */
  async idle(): Promise<void> {
    await this.#last
  }
}
