/** When a worker that died comes back, and when so many die that the whole has to end. Pure. */
const WINDOW_MS = 10_000
const DEATHS_TO_GIVE_UP = 5
const FIRST_PAUSE_MS = 100

export class RestartPolicy {
  #deathsMs: number[] = []

  /**
   * One worker died. Gives the pause before its successor starts, twice as long with each death of
   * the last ten seconds; undefined when five died within that time, and restarting is no help.
   */
  pauseAfterDeath(nowMs: number): number | undefined {
    this.#deathsMs = [...this.#deathsMs.filter((atMs) => atMs > nowMs - WINDOW_MS), nowMs]
    const deaths = this.#deathsMs.length
    return deaths >= DEATHS_TO_GIVE_UP ? undefined : FIRST_PAUSE_MS * 2 ** (deaths - 1)
  }
}
