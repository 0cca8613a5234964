/**
 * A master, two replicas and three sentinels that fail over within a few seconds. Sentinels look
 * for each other every 2 s and for replicas every 10 s; here both are 200 ms.
 */
import { until } from './child.ts'
import {
  ask,
  isFollowedBy,
  launchNode,
  launchNodes,
  type RedisNode,
  role,
  stopNodes,
} from './redis-node.ts'

const NAME = 'lockgate'

export interface SentinelSet {
  /** `redis+sentinel://127.0.0.1:p1,127.0.0.1:p2,127.0.0.1:p3/lockgate` */
  readonly url: string
  /** Where the sentinels send clients now. */
  masterPort(): Promise<number>
  /** Ends the present master without a word; fulfils when it is gone, before another is elected. */
  killMaster(): Promise<void>
  /** The present master accepts connections and answers nothing. */
  pauseMaster(): Promise<void>
  /** Resumes what `pauseMaster` paused, which may be a master no longer. */
  resumeMaster(): void
  /** An orderly failover; fulfils when another is master. */
  failover(): Promise<void>
  /** Brings back what is dead or paused, as replicas; fulfils when the set is whole again. */
  restartDead(): Promise<void>
  stop(): Promise<void>
}

export async function startSentinel(): Promise<SentinelSet> {
  const data: RedisNode[] = []
  const sentinels: RedisNode[] = []
  try {
    data.push(...(await launchData()))
    sentinels.push(...(await launchSentinels(data)))
    await until('the sentinel set is whole', () => isWhole(sentinels))
  } catch (error) {
    await stopNodes([...data, ...sentinels])
    throw error
  }
  return sentinelSet(data, sentinels)
}

async function launchData(): Promise<RedisNode[]> {
  // Replicas are sent what they lack at once, not after the 5 s in which more of them might come.
  const args = ['--repl-diskless-sync-delay', '0']
  const master = await launchNode({ args })
  const replica = { args: [...args, '--replicaof', '127.0.0.1', String(master.port)] }
  try {
    return [master, ...(await launchNodes([replica, replica]))]
  } catch (error) {
    await stopNodes([master])
    throw error
  }
}

async function launchSentinels(data: readonly RedisNode[]): Promise<RedisNode[]> {
  const config = [
    `sentinel monitor ${NAME} 127.0.0.1 ${data[0]?.port} 2`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 1000`,
    `sentinel parallel-syncs ${NAME} 2\n`,
  ].join('\n')
  const sentinel = { config, args: ['--sentinel'] }
  const sentinels = await launchNodes([sentinel, sentinel, sentinel])
  // By default a first ping is sent after 500 ms: a new master would be down before it was asked.
  const periods = ['INFO-PERIOD', '200', 'PUBLISH-PERIOD', '200', 'PING-PERIOD', '100']
  for (const { port } of sentinels) await ask(port, 'SENTINEL', 'DEBUG', ...periods)
  return sentinels
}

function sentinelSet(data: readonly RedisNode[], sentinels: readonly RedisNode[]): SentinelSet {
  let paused: RedisNode | undefined
  const master = async (): Promise<RedisNode> => {
    const ports = await mastersSeen(sentinels)
    const node = data.find(({ port }) => ports.filter((seen) => seen === port).length > 1)
    if (node === undefined) throw new Error(`no two sentinels agree on a master: ${ports}`)
    return node
  }
  const resumeMaster = (): void => {
    paused?.child.signal('SIGCONT')
    paused = undefined
  }
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join()}/${NAME}`,
    masterPort: async () => (await master()).port,
    killMaster: async () => (await master()).child.kill(),
    async pauseMaster() {
      paused = await master()
      paused.child.signal('SIGSTOP')
    },
    resumeMaster,
    failover: async () => failOver((await master()).port, sentinels),
    async restartDead() {
      resumeMaster()
      await until('all sentinels name a living master', async () => {
        const ports = new Set(await mastersSeen(sentinels))
        return ports.size === 1 && (await master()).child.isRunning
      })
      const replicaOf = ['127.0.0.1', String((await master()).port)]
      for (const { child } of data) {
        // Never as a master: it has no data, and a sentinel might make the others its replicas.
        if (!child.isRunning) await child.start(['--replicaof', ...replicaOf])
      }
      for (const { port } of data) {
        if (String(port) !== replicaOf[1]) await ask(port, 'REPLICAOF', ...replicaOf)
      }
      await until('the sentinel set is whole', () => isWhole(sentinels))
    },
    stop: () => stopNodes([...data, ...sentinels]),
  }
}

async function failOver(before: number, sentinels: readonly RedisNode[]): Promise<void> {
  const [sentinel] = sentinels
  if (sentinel === undefined) return
  // Refused while another failover is under way.
  await until('a failover begins', async () => {
    return (await ask(sentinel.port, 'SENTINEL', 'FAILOVER', NAME)) === 'OK'
  })
  await until('another is master', async () => {
    const [port = before, ...others] = await mastersSeen(sentinels)
    if (port === before || others.some((other) => other !== port)) return false
    return (await role(port))[0] === 'master'
  })
}

/** The master's port as each sentinel knows it. */
async function mastersSeen(sentinels: readonly RedisNode[]): Promise<number[]> {
  const answers = sentinels.map(({ port }) =>
    ask(port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME),
  )
  return (await Promise.all(answers)).map((address) => Number(Array.isArray(address) && address[1]))
}

/** One master, two replicas in step with it, and three sentinels that know all of them. */
async function isWhole(sentinels: readonly RedisNode[]): Promise<boolean> {
  const [port = 0, ...others] = await mastersSeen(sentinels)
  if (others.some((other) => other !== port)) return false
  if (!(await isFollowedBy(2, port))) return false
  for (const sentinel of sentinels) {
    const master = fields(await ask(sentinel.port, 'SENTINEL', 'MASTER', NAME))
    if (master['flags'] !== 'master' || master['num-other-sentinels'] !== '2') return false
    const seen = await ask(sentinel.port, 'SENTINEL', 'REPLICAS', NAME)
    if (!Array.isArray(seen) || seen.length !== 2) return false
    if (seen.some((replica) => fields(replica)['flags'] !== 'slave')) return false
  }
  return true
}

/** What RESP2 sends as name, value, name, value. */
function fields(reply: unknown): Record<string, unknown> {
  const flat = Array.isArray(reply) ? reply : []
  return Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])))
}
