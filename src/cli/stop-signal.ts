/**
 * SIGINT and SIGTERM: the first asks to finish, the second ends the process at once. Between the first
 * and the draining there is time for load balancers to see that this process is not ready any more: a
 * connection that is made in the moment in which the port closes may be reset before it is read.
 */
import type { Logger } from '../core/ports/logger.ts'

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

/** Resolves `delayMs` after the first signal. Until then everything is served as before. */
export async function timeToDrain(
  { received }: StopSignal,
  delayMs: number,
  log: Logger,
): Promise<void> {
  await received
  if (delayMs > 0) {
    log.info({ drain_delay_ms: delayMs }, 'stopping soon: not ready any more, but serving')
    await new Promise((resolve) => setTimeout(resolve, delayMs))
  }
  log.info({}, 'stopping: requests in flight may finish')
}
