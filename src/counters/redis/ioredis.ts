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
      const nodes = client.nodes?.('master') ?? [client]
      await Promise.all(nodes.map((node) => node.call('PING')))
      if (client.isCluster) await checkCluster(nodes)
    },
    async close(): Promise<void> {
      if (isReady()) await client.quit().catch(() => undefined)
      client.disconnect()
    },
  })
}

/** Each master says whether it sees all slots served. */
async function checkCluster(nodes: readonly IoredisNode[]): Promise<void> {
  const infos = await Promise.all(nodes.map((node) => node.call('CLUSTER', 'INFO')))
  if (infos.every((info) => /cluster_state:ok/.test(String(info)))) return
  throw new Error('CLUSTERDOWN the cluster is down')
}
