/**
 * What a gate does in the background each second: write folded audit entries, save usage. Rounds
 * never overlap, never keep the process alive, and a failed round is reported and tried again.
 */
export interface Rounds {
  /** Whether the last round of every task succeeded. */
  failing(): readonly string[]
  stop(): void
}

export interface RoundTask {
  readonly name: string
  readonly run: () => Promise<void>
}

export function startRounds(
  everyMs: number,
  tasks: readonly RoundTask[],
  onFailure: (task: string, error: unknown) => void,
): Rounds {
  const failed = new Set<string>()
  let running = false
  let stopped = false

  async function round(): Promise<void> {
    if (running) return
    running = true
    for (const task of tasks) {
      if (stopped) break
      try {
        await task.run()
        failed.delete(task.name)
      } catch (error) {
        // Said once per outage, not once a second; and not of a store that was closed meanwhile.
        if (!failed.has(task.name) && !stopped) onFailure(task.name, error)
        failed.add(task.name)
      }
    }
    running = false
  }

  const timer = setInterval(() => void round(), everyMs)
  timer.unref()
  return {
    failing: () => [...failed],
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}
