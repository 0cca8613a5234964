/** What was opened, closed again in the opposite order, also where opening the rest failed. */

export class Teardown {
  readonly #ends: (() => unknown)[] = []

  /** `end` closes what was opened just now. */
  add(end: () => unknown): void {
    this.#ends.push(end)
  }

  /** Closes everything, even what comes after a failure; rejects with the first failure. */
  async run(): Promise<void> {
    const failures: unknown[] = []
    for (const end of this.#ends.splice(0).reverse()) {
      try {
        await end()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/**
 * Builds something that `teardown` closes; where building fails, closes what is open by then and rejects
 * with what went wrong first.
 */
export async function assemble<Built>(
  build: (teardown: Teardown) => Promise<Built>,
): Promise<Built> {
  const teardown = new Teardown()
  try {
    return await build(teardown)
  } catch (error) {
    await teardown.run().catch(() => undefined)
    throw error
  }
}
