/** Where a Redis URL leads, read. `src/config` makes it, `src/counters/redis` connects to it. */

export interface RedisNode {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

interface RedisAccess {
  readonly tls: boolean
  /** Of the servers that hold the data, not of the Sentinels. */
  readonly username: string | undefined
  readonly password: string | undefined
}

export interface RedisSingle extends RedisAccess {
  readonly kind: 'single'
  readonly node: RedisNode
  readonly database: number
}

/** A Cluster has no databases but 0. */
export interface RedisCluster extends RedisAccess {
  readonly kind: 'cluster'
  /** Some of its nodes; they tell of the others. */
  readonly nodes: readonly RedisNode[]
}

export interface RedisSentinel extends RedisAccess {
  readonly kind: 'sentinel'
  readonly sentinels: readonly RedisNode[]
  /** What the Sentinels call the group of servers. */
  readonly name: string
  readonly database: number
}

export type RedisUrl = RedisSingle | RedisCluster | RedisSentinel
