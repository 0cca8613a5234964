/** A Redis Cluster of three masters with a replica each, that fails over within a few seconds. */
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from './child.ts'
import { freePorts } from './ports.ts'
import { ask, isFollowedBy, launchNodes, type RedisNode, role, stopNodes } from './redis-node.ts'

const SLOTS = 16_384
const MASTERS = 3
const NODE_TIMEOUT_MS = 800
const VOTE_PAUSE_MS = 2 * NODE_TIMEOUT_MS + 100

export interface ClusterMaster {
  readonly port: number
  /** First and last slot of each range that it serves. */
  readonly slots: readonly (readonly [first: number, last: number])[]
}

export interface Cluster {
  /** A comma list of all six, as `redis://127.0.0.1:a,redis://127.0.0.1:b` */
  readonly url: string
  /** By their first slot, as a living node knows them: a dead one until it is replaced. */
  masters(): Promise<ClusterMaster[]>
  /** Ends a master without a word; fulfils when it is gone, before its replica is elected. */
  killMaster(index?: number): Promise<void>
  /** An orderly failover to the first master's replica; fulfils when all nodes know. */
  failoverMaster(): Promise<void>
  /** Waits for replacements, brings the dead back as replicas; fulfils when all is whole again. */
  restartDead(): Promise<void>
  stop(): Promise<void>
}

export async function startCluster(): Promise<Cluster> {
  const busPorts = await freePorts(2 * MASTERS)
  const nodes = await launchNodes(busPorts.map((port) => ({ args: nodeArgs(port) })))
  try {
    await form(nodes, busPorts)
    await until('the cluster is whole', () => isWhole(nodes))
  } catch (error) {
    await stopNodes(nodes)
    throw error
  }
  return cluster(nodes)
}

function nodeArgs(busPort: number): string[] {
  return [
    ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'],
    ...[
      '--cluster-node-timeout',
      String(NODE_TIMEOUT_MS),
      '--cluster-require-full-coverage',
      'yes',
    ],
    // By default its port and 10,000, which need not be free.
    ...['--cluster-port', String(busPort), '--repl-diskless-sync-delay', '0'],
  ]
}

/** The first three take a third of the slots each, the others a master each. */
async function form(nodes: readonly RedisNode[], busPorts: readonly number[]): Promise<void> {
  const [first] = nodes
  if (first === undefined) return
  const boundary = (third: number) => Math.ceil((third * SLOTS) / MASTERS)
  for (const [i, { port }] of nodes.entries()) {
    // Distinct from the start, or the nodes would spend their first seconds on making them so.
    await ask(port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1))
    await ask(first.port, 'CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPorts[i]))
    if (i >= MASTERS) continue
    const range = [String(boundary(i)), String(boundary(i + 1) - 1)]
    await ask(port, 'CLUSTER', 'ADDSLOTSRANGE', ...range)
  }
  for (const [i, { port }] of nodes.slice(MASTERS).entries()) {
    const master = String(await ask(nodes[i]?.port ?? 0, 'CLUSTER', 'MYID'))
    // Refused until word of that master has come.
    await until('a replica knows its master', async () => {
      return (await ask(port, 'CLUSTER', 'REPLICATE', master)) === 'OK'
    })
  }
}

function cluster(nodes: readonly RedisNode[]): Cluster {
  // A node votes for a shard again only after twice the node timeout.
  let votersReadyMs = 0
  const living = () => nodes.filter(({ child }) => child.isRunning)
  const masters = async (): Promise<ClusterMaster[]> => {
    const [node] = living()
    if (node === undefined) throw new Error('no node of the cluster is running')
    return mastersSeen(node)
  }
  const nodeAt = (port: number | undefined): RedisNode => {
    const node = nodes.find((one) => one.port === port)
    if (node === undefined) throw new Error(`the cluster has no node on port ${port}`)
    return node
  }
  return {
    url: nodes.map(({ port }) => `redis://127.0.0.1:${port}`).join(),
    masters,
    killMaster: async (index = 0) => nodeAt((await masters())[index]?.port).child.kill(),
    async failoverMaster() {
      const before = (await masters())[0]?.port
      const replica = await replicaOf(before, living())
      await until(
        'the replica is in step',
        async () => (await role(replica.port))[3] === 'connected',
      )
      await sleep(Math.max(0, votersReadyMs - performance.now()))
      await ask(replica.port, 'CLUSTER', 'FAILOVER')
      await until('all nodes know of the new master', async () => {
        if ((await role(replica.port))[0] !== 'master') return false
        const seen = await Promise.all(living().map(mastersSeen))
        return seen.every((one) => one[0]?.port === replica.port)
      })
      votersReadyMs = performance.now() + VOTE_PAUSE_MS
    },
    async restartDead() {
      const dead = nodes.filter(({ child }) => !child.isRunning)
      // A master that came back before would serve its slots again, empty.
      await until('the dead masters are replaced', async () => {
        const seen = await Promise.all(living().map(mastersSeen))
        return seen.flat().every(({ port }) => !dead.some((node) => node.port === port))
      })
      votersReadyMs = performance.now() + VOTE_PAUSE_MS
      for (const { child } of dead) await child.start()
      await until('the cluster is whole', () => isWhole(nodes))
    },
    stop: () => stopNodes(nodes),
  }
}

async function replicaOf(
  port: number | undefined,
  nodes: readonly RedisNode[],
): Promise<RedisNode> {
  for (const node of nodes) {
    const [name, , master] = await role(node.port)
    if (name === 'slave' && master === port) return node
  }
  throw new Error(`the master on port ${port} has no replica`)
}

async function mastersSeen({ port }: RedisNode): Promise<ClusterMaster[]> {
  const reply = await ask(port, 'CLUSTER', 'SLOTS')
  const rows: [number, number, [string, number]][] = Array.isArray(reply) ? reply : []
  const ranges = Map.groupBy(
    rows.toSorted(([a], [b]) => a - b),
    ([, , [, master]]) => master,
  )
  return Array.from(ranges, ([master, of]) => ({
    port: master,
    slots: of.map(([first, last]) => [first, last] as const),
  }))
}

/** All nodes serve and name the same masters; three are masters, each with a replica in step. */
async function isWhole(nodes: readonly RedisNode[]): Promise<boolean> {
  const views = new Set<string>()
  let followed = 0
  for (const node of nodes) {
    const info = String(await ask(node.port, 'CLUSTER', 'INFO'))
    if (!info.includes('cluster_state:ok')) return false
    views.add(JSON.stringify(await mastersSeen(node)))
    if (await isFollowedBy(1, node.port)) followed++
  }
  return views.size === 1 && followed === MASTERS
}
