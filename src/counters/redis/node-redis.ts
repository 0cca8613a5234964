/** A connection over node-redis (the package `redis`) to a single server. */
import type { RedisArgument, RedisConnection } from './connection.ts'

/** What is called of a client of `createClient`. */
export interface NodeRedisLike {
  readonly isReady: boolean
  sendCommand(args: string[]): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<unknown>
  destroy(): void
}

/**
 * Wraps a client that was made with `disableOfflineQueue: true`, and is connected: commands fail at
 * once while it is not. node-redis never sends a command again that was written.
 */
export function fromNodeRedis(client: NodeRedisLike): RedisConnection {
  client.on('error', () => undefined)
  const send = (args: string[]): Promise<unknown> =>
    client.isReady ? client.sendCommand(args) : Promise.reject(new Error('Connection is closed.'))
  return Object.freeze({
    isCluster: false,
    send: (command: string, args: readonly RedisArgument[]) => send([command, ...args.map(String)]),
    async probe(): Promise<void> {
      await send(['PING'])
    },
    async close(): Promise<void> {
      if (client.isReady) await client.close()
      else client.destroy()
    },
  })
}
