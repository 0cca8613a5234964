/**
 * What can happen to a Redis, Sentinel or Cluster: how to start one, how the fault strikes, and how
 * all is made whole again for the next time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../servers/child.ts'
import { startCluster } from '../servers/cluster.ts'
import { startFaultProxy } from '../servers/fault-proxy.ts'
import { startRedis } from '../servers/redis.ts'
import { ask, role } from '../servers/redis-node.ts'
import { startSentinel } from '../servers/sentinel.ts'

const DURATION_MS = 1_200
const PAUSE_MS = 1_500

export interface Victim {
  readonly url: string
  /** Fulfils when the fault is over: the server is back, or another has taken its place. */
  strike(): Promise<void>
  /** Brings back what `strike` left dead. */
  restore?(): Promise<void>
  stop(): Promise<void>
}

export interface Fault {
  readonly name: string
  /** How many times its quota a key may be admitted in a window that overlaps the outage. */
  readonly bound: number
  start(): Promise<Victim>
}

/** With data that is there again after a crash. */
const startDurable = () => startRedis({ args: ['--appendonly', 'yes'] })

async function startProxied() {
  const redis = await startRedis()
  const proxy = await startFaultProxy(redis.port)
  const stop = async (): Promise<void> => {
    await proxy.stop()
    await redis.stop()
  }
  return { redis, proxy, url: `redis://127.0.0.1:${proxy.port}`, stop }
}

const kill: Fault = {
  name: 'kill and restart',
  bound: 2,
  async start() {
    const redis = await startDurable()
    const strike = async (): Promise<void> => {
      await redis.kill()
      await sleep(DURATION_MS)
      await redis.start()
    }
    return { url: redis.url, strike, stop: redis.stop }
  },
}

const pause: Fault = {
  name: 'pause',
  bound: 2,
  async start() {
    const redis = await startRedis()
    const strike = async (): Promise<void> => {
      redis.pause()
      await sleep(PAUSE_MS)
      redis.resume()
    }
    return { url: redis.url, strike, stop: redis.stop }
  },
}

const restartEmpty: Fault = {
  name: 'restart without data',
  bound: 3,
  async start() {
    const redis = await startRedis()
    const strike = async (): Promise<void> => {
      await redis.kill()
      await redis.start()
    }
    return { url: redis.url, strike, stop: redis.stop }
  },
}

/** `end` is what happens to the master. */
const sentinelFault = (name: string, end: 'killMaster' | 'pauseMaster'): Fault => ({
  name,
  bound: 2,
  async start() {
    const set = await startSentinel()
    const strike = async (): Promise<void> => {
      const before = await set.masterPort()
      await set[end]()
      await until('another is master', async () => {
        const port = await set.masterPort()
        return port !== before && (await role(port))[0] === 'master'
      })
    }
    return { url: set.url, strike, restore: () => set.restartDead(), stop: () => set.stop() }
  },
})

const sentinelFailover = sentinelFault('failover by Sentinel', 'killMaster')
const silence = sentinelFault('failover by Sentinel from a silent master', 'pauseMaster')

const clusterFailover: Fault = {
  name: 'failover of a Cluster master',
  bound: 2,
  async start() {
    const cluster = await startCluster()
    const strike = async (): Promise<void> => {
      const before = (await cluster.masters())[0]?.port
      await cluster.killMaster()
      await until('the cluster is ok again', async () => {
        const ports = (await cluster.masters()).map(({ port }) => port)
        const infos = await Promise.all(ports.map((port) => ask(port, 'CLUSTER', 'INFO')))
        const areOk = infos.every((info) => String(info).includes('cluster_state:ok'))
        return areOk && ports.every((port) => port !== before)
      })
    }
    const restore = () => cluster.restartDead()
    return { url: cluster.url, strike, restore, stop: () => cluster.stop() }
  },
}

const replyDrop: Fault = {
  name: 'replies dropped',
  bound: 2,
  async start() {
    const { proxy, url, stop } = await startProxied()
    const strike = async (): Promise<void> => {
      proxy.dropReplies(true)
      await sleep(DURATION_MS)
      // TCP leaves no gaps: a connection that has lost an answer does not go on with the next.
      proxy.cut()
      proxy.dropReplies(false)
    }
    return { url, strike, stop }
  },
}

const cut: Fault = {
  name: 'connections cut',
  bound: 2,
  async start() {
    const { proxy, url, stop } = await startProxied()
    return { url, strike: async () => proxy.cut(), stop }
  },
}

const latency: Fault = {
  name: '200 ms latency',
  bound: 2,
  async start() {
    const { proxy, url, stop } = await startProxied()
    const strike = async (): Promise<void> => {
      proxy.delayMs(200)
      await sleep(DURATION_MS)
      proxy.delayMs(0)
    }
    return { url, strike, stop }
  },
}

const outOfMemory: Fault = {
  name: 'out of memory',
  bound: 2,
  async start() {
    const redis = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] })
    const strike = async (): Promise<void> => {
      await ask(redis.port, 'CONFIG', 'SET', 'maxmemory', '1')
      await sleep(DURATION_MS)
      await ask(redis.port, 'CONFIG', 'SET', 'maxmemory', '0')
    }
    return { url: redis.url, strike, stop: redis.stop }
  },
}

export const FAULTS = Object.freeze({
  ...{ kill, pause, restartEmpty, sentinelFailover, clusterFailover },
  ...{ replyDrop, cut, latency, outOfMemory, silence },
})
