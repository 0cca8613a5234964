/**
 * The hashing pool: how many slow hashes run at once, and how many wait.
 *
 * Each argon2id run holds 19 MiB and a thread of libuv for about 13 ms, so an unbounded number of
 * them is a way to exhaust a server from outside. First come, first served. When the waiting line
 * is full, `run` says so at once, as a value, and starts nothing; nothing here is timed.
 */
export interface HashingPool {
  /** Runs `task` when its turn comes. `full` where it can neither run nor wait. */
  run<T>(task: () => Promise<T>): Promise<T> | 'full'
  /** Tasks that run now. */
  readonly running: number
  /** Tasks that wait for their turn. */
  readonly queued: number
}

/** `running` is at least 1, `queued` at least 0; see `KeySettings.hashing`. */
export function createHashingPool(size: {
  readonly running: number
  readonly queued: number
}): HashingPool {
  const { running: maxRunning, queued: maxQueued } = size
  // A Set keeps the order of insertion and takes its first member out in constant time.
  const waiting = new Set<() => void>()
  let running = 0

  const startNext = (): void => {
    running -= 1
    for (const start of waiting) {
      waiting.delete(start)
      start()
      return
    }
  }
  const start = async <T>(task: () => Promise<T>): Promise<T> => {
    running += 1
    try {
      return await task()
    } finally {
      startNext()
    }
  }

  return {
    run<T>(task: () => Promise<T>): Promise<T> | 'full' {
      if (running < maxRunning) return start(task)
      if (waiting.size >= maxQueued) return 'full'
      return new Promise<T>((resolve) => waiting.add(() => resolve(start(task))))
    },
    get running() {
      return running
    },
    get queued() {
      return waiting.size
    },
  }
}
