/** SIGINT and SIGTERM: the first asks to finish, the second ends the process at once. */

export interface StopSignal {
  /** Resolves at the first signal. */
  readonly received: Promise<void>
  isReceived(): boolean
}

/** Call once. From now on the process ends only through its own code or by a second signal. */
export function listenForStop(): StopSignal {
  let isReceived = false
  const received = new Promise<void>((resolve) => {
    const stop = () => {
      if (isReceived) process.exit(1)
      isReceived = true
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
  return { received, isReceived: () => isReceived }
}
