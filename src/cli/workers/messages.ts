/** What the primary process of `serve --workers` and its workers tell each other. */
import type { AddressInfo } from 'node:net'
import type { GateHealth } from '../../engine/gate.ts'
import type { MetricsSnapshot } from '../../telemetry/snapshots.ts'

export type FromWorker =
  /** It accepts connections, and how it is. */
  | { readonly lockgate: 'ready'; readonly address: AddressInfo; readonly health: GateHealth }
  /** Its health, once a second. */
  | { readonly lockgate: 'health'; readonly health: GateHealth }
  /** Its metrics, once it was asked for them. */
  | { readonly lockgate: 'metrics'; readonly snapshot: MetricsSnapshot }
  /** It cannot start: the line that says why. */
  | { readonly lockgate: 'failed'; readonly message: string }

export type ToWorker =
  /** Let requests in flight finish, and end. */
  | { readonly lockgate: 'stop' }
  /** Send your metrics. */
  | { readonly lockgate: 'measure' }

const FROM_WORKER: readonly unknown[] = ['ready', 'health', 'metrics', 'failed']
const TO_WORKER: readonly unknown[] = ['stop', 'measure']

export const isFromWorker = (message: unknown): message is FromWorker =>
  FROM_WORKER.includes(kindOf(message))

export const isToWorker = (message: unknown): message is ToWorker =>
  TO_WORKER.includes(kindOf(message))

/** Node sends messages of its own over the same channel. */
function kindOf(message: unknown): unknown {
  if (typeof message !== 'object' || message === null) return undefined
  return 'lockgate' in message ? message.lockgate : undefined
}
