/**
 * The least that Lockgate asks of a Redis client, so that no client is a dependency.
 *
 * A command is sent once. An implementation must not queue commands while it is not connected and
 * must not send again what may have reached a server; redirections (MOVED, ASK) are not that, because
 * the server that redirects has run nothing.
 */
export type RedisArgument = string | number

export interface RedisConnection {
  /** True where keys of different slots cannot be used by one script. */
  readonly isCluster: boolean
  /** Sends one command; `key` is one of its keys and says where to. Rejects with the server's error. */
  send(command: string, args: readonly RedisArgument[], key: string): Promise<unknown>
  /** Resolves once every server that holds keys has answered. */
  probe(): Promise<void>
  close(): Promise<void>
}
