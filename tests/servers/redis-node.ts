/** One `redis-server` process: alone, or as a part of a Sentinel set or a Cluster. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Child } from './child.ts'
import { freePort } from './ports.ts'

const CONFIG_FILE = 'node.conf'

export interface NodeOptions {
  /** A free one by default. */
  readonly port?: number
  readonly args?: readonly string[]
  /** For sentinels, which rewrite their configuration file: what it says at first. */
  readonly config?: string
}

export interface RedisNode {
  readonly port: number
  readonly child: Child
}

export async function launchNode(options: NodeOptions = {}): Promise<RedisNode> {
  const { port = await freePort(), args = [], config } = options
  const inMemory = ['--save', '', '--appendonly', 'no']
  const child = await Child.launch({
    name: 'redis',
    command: 'redis-server',
    debianPackage: 'redis-server',
    endSignal: 'SIGKILL',
    async prepare(folder) {
      if (config !== undefined) await writeFile(join(folder, CONFIG_FILE), config)
    },
    args: () => [
      ...(config === undefined ? [] : [CONFIG_FILE]),
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', '.'],
      ...(config === undefined ? inMemory : []),
      ...args,
    ],
    async isReady({ pid }) {
      const info = String(await ask(port, 'INFO', 'server'))
      return info.includes(`\nprocess_id:${pid}\r`) && (await ask(port, 'PING')) === 'PONG'
    },
  })
  return { port, child }
}

/** All or none. One after the other, so that no two are given the same free port. */
export async function launchNodes(all: readonly NodeOptions[]): Promise<RedisNode[]> {
  const nodes: RedisNode[] = []
  try {
    for (const options of all) nodes.push(await launchNode(options))
    return nodes
  } catch (error) {
    await stopNodes(nodes)
    throw error
  }
}

export async function stopNodes(nodes: readonly RedisNode[]): Promise<void> {
  await Promise.all(nodes.map(({ child }) => child.stop()))
}

/** Sends one command on a connection of its own. */
export async function ask(port: number, command: string, ...args: string[]): Promise<unknown> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: 1000,
    commandTimeout: 1000,
    retryStrategy: () => null,
  })
  // Without a listener it prints what the rejections below say anyway.
  client.on('error', () => {})
  try {
    await client.connect()
    return await client.call(command, ...args)
  } finally {
    client.disconnect()
  }
}

/** `['master', offset, replicas]`, or `['slave', host, port, state, offset]`. */
export async function role(port: number): Promise<readonly unknown[]> {
  const reply = await ask(port, 'ROLE')
  return Array.isArray(reply) ? reply : []
}

/**
 * It is master of that many replicas, and each has acknowledged something. Until then a replica may be
 * listed and yet be sent nothing, so that what is written is lost with the master.
 */
export async function isFollowedBy(count: number, port: number): Promise<boolean> {
  const [name, , replicas] = await role(port)
  if (name !== 'master' || !Array.isArray(replicas) || replicas.length !== count) return false
  return replicas.every(([, , offset]) => Number(offset) > 0)
}
