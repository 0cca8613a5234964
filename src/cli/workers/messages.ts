/** What the primary process of `serve --workers` and its workers tell each other. */
import type { AddressInfo } from 'node:net'
import type { GateHealth } from '../../engine/gate.ts'

export type FromWorker =
  /** It accepts connections. */
  | { readonly lockgate: 'ready'; readonly address: AddressInfo }
  /** Its health, once a second. */
  | { readonly lockgate: 'health'; readonly health: GateHealth }
  /** It cannot start: the line that says why. */
  | { readonly lockgate: 'failed'; readonly message: string }

/** Asks a worker to let requests in flight finish, and to end. */
export interface ToWorker {
  readonly lockgate: 'stop'
}

export const isFromWorker = (message: unknown): message is FromWorker =>
  ['ready', 'health', 'failed'].includes(String(kindOf(message)))

export const isStop = (message: unknown): message is ToWorker => kindOf(message) === 'stop'

function kindOf(message: unknown): unknown {
  if (typeof message !== 'object' || message === null) return undefined
  return 'lockgate' in message ? message.lockgate : undefined
}
