/**
 * Does a check cost Redis more among a million keys than among a thousand? Each number of keys has
 * servers of its own, filled beforehand, and the same load: keys drawn at random from all. Beside
 * Lockgate a bare look-up (EXISTS) of the same keys, and the script of most articles.
 */
import { printBar } from './bar.ts'
import { naiveChecks } from './naive-window.ts'
import { QUICK } from './quick.ts'
import {
  type BenchRedis,
  type RedisContestant,
  type RedisCost,
  raceOnRedis,
  repeat,
  startBenchRedis,
} from './redis-load.ts'
import { type Check, HOUR_AND_DAY, lockgateChecks, ringName } from './redis-windows.ts'

const SIZES = QUICK ? [1_000, 10_000, 100_000] : [1_000, 100_000, 1_000_000]
/** So few that keys which are few do not hold much more in the end than keys which are many. */
const CHECKS = 20_000
/** So many in one run of a script. */
const COPIES = 10_000
const BARE = 'EXISTS, pipelined'
const RING = 'lockgate ring, as it sends'
const NAIVE = 'five commands, one a run, pipelined'

/** ARGV: first and last number of the copies of KEYS[1], whose own is 0. */
const COPY = `
for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  redis.call('COPY', KEYS[1], (string.gsub(KEYS[1], '00000000', string.format('%08d', number))))
end`

const started: BenchRedis[] = []
try {
  const contestants: RedisContestant[] = []
  for (const size of SIZES) contestants.push(...(await contestantsOf(size)))
  report(await raceOnRedis(contestants, CHECKS))
} finally {
  for (const { client, pipelining } of started) {
    for (const each of [client, pipelining]) each.disconnect()
  }
  await Promise.all(started.map(({ server }) => server.stop()))
}

async function start(): Promise<BenchRedis> {
  const redis = await startBenchRedis()
  started.push(redis)
  return redis
}

async function contestantsOf(size: number): Promise<readonly RedisContestant[]> {
  const limits = HOUR_AND_DAY
  const ours = await start()
  const theirs = await start()
  const ring = lockgateChecks(ours.client, { form: 'ring', limits })
  const naive = await naiveChecks(theirs.pipelining, limits)
  await fill(ours, size, ring)
  await growAll(size, ring)
  await fill(theirs, size, naive)
  const bare: Check = async (key) => {
    if ((await ours.pipelining.exists(ringName(key))) !== 1) throw new Error('no such key')
  }
  const among = (name: string, client: BenchRedis['client'], check: Check): RedisContestant => ({
    ...{ name: nameAt(name, size), client },
    once: () => check(Math.floor(Math.random() * size)),
  })
  return [
    among(BARE, ours.client, bare),
    among(NAIVE, theirs.client, naive),
    among(RING, ours.client, ring),
  ]
}

async function fill({ client }: BenchRedis, size: number, check: Check): Promise<void> {
  await check(0)
  const [first = ''] = await client.keys('*')
  for (let from = 1; from < size; from += COPIES) {
    await client.eval(COPY, 1, first, from, Math.min(from + COPIES, size) - 1)
  }
  const held = await client.dbsize()
  if (held !== size) throw new Error(`${held} keys on the server instead of ${size}`)
}

/**
 * When a string grows for the first time, Redis moves it to where it has room to grow. That is not what
 * is asked here, so all rings have done so before.
 */
async function growAll(size: number, check: Check): Promise<void> {
  let next = 0
  await repeat(size, () => check(next++))
}

function nameAt(name: string, size: number): string {
  return `${name}, ${size.toLocaleString('en')} keys`
}

function report(costs: readonly RedisCost[]): void {
  const us = (name: string, size = 0) =>
    costs.find((cost) => cost.name === nameAt(name, size))?.microseconds ?? Number.NaN
  const growth = (name: string) => us(name, SIZES.at(-1)) / us(name, SIZES[0])
  console.log('\nµs of Redis for a check of hour + day, by the number of keys on the server')
  const columns = [...SIZES.map((size) => size.toLocaleString('en')), 'last to first']
  console.log(`  ${'keys'.padEnd(44)} ${columns.map(column).join('')}`)
  for (const name of [BARE, NAIVE, RING]) {
    const cells = [...SIZES.map((size) => us(name, size)), growth(name)]
    console.log(`  ${name.padEnd(44)} ${cells.map((cell) => column(cell.toFixed(2))).join('')}`)
  }
  const [first, last] = [SIZES[0], SIZES.at(-1)].map((size) => size?.toLocaleString('en'))
  printBar({ what: `ring at ${last} keys to ${first}`, ratio: growth(RING), atMost: 1.2 })
}

function column(content: string): string {
  return content.padStart(15)
}
