/**
 * One instance of Lockgate: the program of a process of its own, that does what its parent asks over
 * IPC (`instances.ts`). The environment says where database and Redis are, the first argument is the
 * configuration. It ends with its parent.
 */
import type { RouteLimits } from '../../src/engine/gate.ts'
import { lockgate } from '../../src/index.ts'
import { Load, type LoadReport, type LoadSchedule } from './load.ts'

const config = JSON.parse(process.argv[2] ?? '{}')
const load = new Load()
const gate = await lockgate({ config, log: load.log })

/** What becomes of one request: `allowed`, or the code of its denial. */
async function codeOf(key: string, route?: RouteLimits | null): Promise<string> {
  // What is left out comes over IPC as null.
  const request = {
    ...{ presentedKey: key, address: undefined, requestId: 'many' },
    route: route ?? undefined,
  }
  const decision = await gate.check(request)
  if (decision.allowed) return 'allowed'
  const { code, limitName, retryAfterSeconds = 0 } = decision
  const isWhole = code !== 'rate_limited' || (limitName !== undefined && retryAfterSeconds >= 1)
  return isWhole ? code : 'a 429 without limit or wait'
}

const ORDERS = {
  issue: async (): Promise<string> => (await gate.keys.issue({ owner: 'ada@example.com' })).key,
  revoke: async (keyId: string): Promise<void> => void (await gate.keys.revoke(keyId)),
  codeOf: (key: string): Promise<string> => codeOf(key),
  /** What becomes of as many requests at once, on a route with limits of its own or without. */
  codesOf: (key: string, callers: number, route?: RouteLimits): Promise<string[]> =>
    Promise.all(Array.from({ length: callers }, () => codeOf(key, route))),
  isReady: async (): Promise<boolean> => gate.health().status === 'ready',
  startLoad: async (schedule: LoadSchedule): Promise<void> =>
    load.start(schedule, (key) => codeOf(key)),
  /** Waits for what is in flight. */
  takeLoad: (): Promise<LoadReport> => load.take(),
  close: (): Promise<void> => {
    load.stop()
    return gate.close()
  },
}

export type Orders = typeof ORDERS

/** What the parent sends: `args` are those of the order. */
export interface Order {
  readonly id: number
  readonly name: keyof Orders
  readonly args: readonly unknown[]
}

export interface Answer {
  /** 0 says that the instance has started. */
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

function carryOut({ name, args }: Order): Promise<unknown> {
  const order: (...given: never[]) => Promise<unknown> = ORDERS[name]
  return order(...(args as never[]))
}

function tell(answer: Answer): void {
  process.send?.(answer)
}

process.on('message', (order: Order) => {
  carryOut(order).then(
    (result) => tell({ id: order.id, result }),
    (error: unknown) => tell({ id: order.id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
tell({ id: 0 })
