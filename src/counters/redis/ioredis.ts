/** A connection over ioredis, or iovalkey, which has the same interface: single, Sentinel, Cluster. */
import type { RedisArgument, RedisConnection } from './connection.ts'

/** What is called of a client or of one node of a Cluster. */
export interface IoredisNode {
  call(command: string, ...args: RedisArgument[]): Promise<unknown>
}

export interface IoredisLike extends IoredisNode {
  readonly isCluster: boolean
  readonly status: string
  on(event: 'error', listener: (error: Error) => void): unknown
  disconnect(): void
  quit(): Promise<unknown>
  /** Only of a Cluster. */
  nodes?(role: 'master'): IoredisNode[]
  /** Only of a Cluster: asks a node who serves which slots. */
  refreshSlotsCache?(): void
}

const NOT_CONNECTED = 'Connection is closed.'

/**
 * Wraps a client that was made with `enableOfflineQueue: false`, `autoResendUnfulfilledCommands: false`
 * and `maxRetriesPerRequest: 0`: commands fail at once while it is not connected, and none is sent twice.
 *
 * ```ts
 * const connection = fromIoredis(new Redis('redis://127.0.0.1:6379', { enableOfflineQueue: false,
 *   autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 }))
 * ```
 */
export function fromIoredis(client: IoredisLike): RedisConnection {
  // Without a listener ioredis prints every failed attempt to connect; commands tell of it anyway.
  client.on('error', () => undefined)
  const isReady = (): boolean => client.status === 'ready'
  return Object.freeze({
    isCluster: client.isCluster,
    send(command: string, args: readonly RedisArgument[]): Promise<unknown> {
      if (!isReady()) return Promise.reject(new Error(NOT_CONNECTED))
      return client.call(command, ...args)
    },
    async probe(): Promise<void> {
      if (!isReady()) throw new Error(NOT_CONNECTED)
      if (client.isCluster) await probeCluster(client)
      else await client.call('PING')
    },
    async close(): Promise<void> {
      if (isReady()) await client.quit().catch(() => undefined)
      client.disconnect()
    },
  })
}

/**
 * Each master must be reached, and see all slots served. The client drops a node whose connection ends
 * and looks for its successor only when it is redirected, which it never is while nothing is sent.
 */
async function probeCluster(client: IoredisLike): Promise<void> {
  try {
    const masters = client.nodes?.('master') ?? []
    const infos = await Promise.all(masters.map((node) => node.call('CLUSTER', 'INFO')))
    if (infos.length > 0 && infos.every((info) => isWhole(String(info), masters.length))) return
    throw new Error('CLUSTERDOWN the cluster is down')
  } catch (error) {
    client.refreshSlotsCache?.()
    throw error
  }
}

/** By what a master says of the Cluster, which has this many masters that were reached. */
function isWhole(info: string, reached: number): boolean {
  const masters = Number(/^cluster_size:(\d+)/m.exec(info)?.[1] ?? 0)
  return /^cluster_state:ok/m.test(info) && reached >= masters
}
