/**
 * Load for the Redis benches: asks each contestant in turn (A B C, A B C …) and reports medians of
 * what a check costs the server, by the server's own count of its processor time, and of the rate.
 * redis-server has one core; this process, which is the client, has the other.
 */
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../tests/servers/redis.ts'
import { median } from './load.ts'
import { LOAD_CORE, MEASURED_CORE, pin } from './pin.ts'
import { QUICK } from './quick.ts'

/** So many that the server never waits for the client's next command: four full batches. */
export const IN_FLIGHT = 256

export interface RedisContestant {
  readonly name: string
  /** Of the server that is measured. */
  readonly client: Redis
  /** Done before each round, not measured. */
  readonly prepare?: () => Promise<void>
  /** One of what is counted. Fails when it is not what it should be. */
  readonly once: () => Promise<void>
}

export interface RedisCost {
  readonly name: string
  /** Processor time of redis-server for one. */
  readonly microseconds: number
  readonly perSecond: number
  /** Of the server's core while it was asked; far below 1 the client set the rate. */
  readonly busy: number
  /** How many shared one run of a script; none ran: undefined. */
  readonly perRun: number | undefined
}

export interface BenchRedis {
  readonly server: RedisServer
  /** With the defaults of ioredis: each command is a write to the socket. */
  readonly client: Redis
  /** The commands of one turn of the event loop are one write: `enableAutoPipelining`. */
  readonly pipelining: Redis
}

/** A server of its own on the measured core, and two clients; keeps this process to the other core. */
export async function startBenchRedis(): Promise<BenchRedis> {
  const server = await startRedis()
  pin(server.pid, MEASURED_CORE)
  pin(process.pid, LOAD_CORE)
  const client = new Redis(server.url)
  const pipelining = new Redis(server.url, { enableAutoPipelining: true })
  // Once they are connected: until then Lockgate's commands would fail, not wait.
  await Promise.all([client.ping(), pipelining.ping()])
  return { server, client, pipelining }
}

/** Does it so many times, always with as many in flight. */
export async function repeat(times: number, once: () => Promise<void>): Promise<void> {
  let left = times
  async function work(): Promise<void> {
    while (left-- > 0) await once()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
}

/** Each contestant in turn, round after round. */
export async function raceOnRedis(
  contestants: readonly RedisContestant[],
  times: number,
  rounds: number = QUICK ? 1 : 5,
): Promise<readonly RedisCost[]> {
  const costs = new Map<string, RedisCost[]>(contestants.map(({ name }) => [name, []]))
  for (const contestant of contestants) await measure(contestant, Math.ceil(times / 4))
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      costs.get(contestant.name)?.push(await measure(contestant, times))
    }
  }
  return [...costs].map(([name, all]) => ({ name, ...medians(all) }))
}

async function measure(contestant: RedisContestant, times: number): Promise<RedisCost> {
  const { name, client, prepare, once } = contestant
  await prepare?.()
  const before = await spent(client)
  const beganAt = performance.now()
  await repeat(times, once)
  const tookUs = (performance.now() - beganAt) * 1000
  const after = await spent(client)
  const usedUs = after.cpuUs - before.cpuUs
  const runs = after.runs - before.runs
  return {
    ...{ name, microseconds: usedUs / times, perSecond: (times * 1e6) / tookUs },
    ...{ busy: usedUs / tookUs, perRun: runs === 0 ? undefined : times / runs },
  }
}

function medians(all: readonly RedisCost[]): Omit<RedisCost, 'name'> {
  const of = (figure: (cost: RedisCost) => number): number => median(all.map(figure))
  return {
    microseconds: of((cost) => cost.microseconds),
    perSecond: of((cost) => cost.perSecond),
    busy: of((cost) => cost.busy),
    perRun: all[0]?.perRun && of((cost) => cost.perRun ?? Number.NaN),
  }
}

/** Processor time that redis-server has used so far, and how many scripts it has run. */
async function spent(client: Redis): Promise<{ cpuUs: number; runs: number }> {
  const cpu = await client.info('cpu')
  const stats = await client.info('commandstats')
  const seconds = figure(cpu, /used_cpu_user:([\d.]+)/) + figure(cpu, /used_cpu_sys:([\d.]+)/)
  return { cpuUs: seconds * 1e6, runs: figure(stats, /cmdstat_evalsha:calls=(\d+)/) }
}

const figure = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0)

/** The last column is how many checks a core does, to the first row. */
export function printCosts(question: string, costs: readonly RedisCost[]): void {
  const baseline = costs[0]?.microseconds ?? Number.NaN
  console.log(`\n${question}`)
  console.log(
    `  ${' '.repeat(44)}  µs of Redis  a core-second  measured rate  core busy  a run   ratio`,
  )
  for (const { name, microseconds, perSecond, busy, perRun } of costs) {
    const cells = [
      microseconds.toFixed(2).padStart(11),
      whole(1e6 / microseconds).padStart(13),
      whole(perSecond).padStart(13),
      `${Math.round(busy * 100)}%`.padStart(9),
      (perRun?.toFixed(1) ?? '-').padStart(5),
      (baseline / microseconds).toPrecision(2).padStart(6),
    ]
    console.log(`  ${name.padEnd(44)}  ${cells.join('  ')}`)
  }
  console.log(`  (redis-server on core ${MEASURED_CORE}, its client on core ${LOAD_CORE})`)
}

const whole = (number: number): string => Math.round(number).toLocaleString('en')
