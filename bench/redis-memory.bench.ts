/**
 * How much of Redis does a key take that so many requests of a day are remembered of? All keys of one
 * subject count, with their names; beside them a counter of a fixed window, which remembers none.
 */
import { Redis } from 'ioredis'
import { startRedis } from '../tests/servers/redis.ts'
import { printBar } from './bar.ts'
import { naiveChecks } from './naive-window.ts'
import { QUICK } from './quick.ts'
import { type Check, lockgateChecks, MINUTE_AND_DAY } from './redis-windows.ts'

const REQUESTS = [60, 600, 1_000] as const
/** The average of so many: names and numbers differ in length. */
const KEYS = QUICK ? 2 : 20
const NAIVE = 'a sorted set, five commands'
const RING = 'lockgate ring'

const server = await startRedis()
const client = new Redis(server.url)
try {
  const figures = await measureAll()
  console.log('\nBytes of Redis for a key, by MEMORY USAGE (in brackets: to the sorted set)')
  console.log(`  ${'admitted in the day'.padEnd(44)} ${REQUESTS.map(column).join('')}`)
  for (const [name, bytes] of figures) {
    const cells = bytes.map((each, i) => {
      const ratio = each / (figures.get(NAIVE)?.[i] ?? Number.NaN)
      return column(`${Math.round(each).toLocaleString('en')} (${ratio.toFixed(3)})`)
    })
    console.log(`  ${name.padEnd(44)} ${cells.join('')}`)
  }
  const last = (name: string) => figures.get(name)?.at(-1) ?? Number.NaN
  const what = `ring to the sorted set at ${REQUESTS.at(-1)}`
  printBar({ what, ratio: last(RING) / last(NAIVE), atMost: 0.1 })
} finally {
  client.disconnect()
  await server.stop()
}

function column(content: string | number): string {
  return String(content).padStart(20)
}

async function measureAll(): Promise<Map<string, number[]>> {
  const limits = MINUTE_AND_DAY
  const contestants: readonly (readonly [string, Check])[] = [
    ['a counter of a fixed window (INCR)', async (key) => void (await client.incr(`fixed:${key}`))],
    [NAIVE, await naiveChecks(client, limits)],
    [RING, lockgateChecks(client, { form: 'ring', limits })],
    ['lockgate sorted set', lockgateChecks(client, { form: 'zset', limits })],
  ]
  const figures = new Map<string, number[]>()
  for (const [name, check] of contestants) figures.set(name, await bytesAfterEach(check))
  return figures
}

/** Bytes of a key after each of those numbers of requests, one after the other. */
async function bytesAfterEach(check: Check): Promise<number[]> {
  await client.flushall()
  const bytes: number[] = []
  let done = 0
  for (const requests of REQUESTS) {
    for (; done < requests; done++) {
      await Promise.all(Array.from({ length: KEYS }, (_, key) => check(key)))
    }
    bytes.push((await bytesOfAll()) / KEYS)
  }
  return bytes
}

/** Each member is looked at, none is guessed from samples. */
async function bytesOfAll(): Promise<number> {
  const names = await client.keys('*')
  const sizes = names.map((name) => client.memory('USAGE', name, 'SAMPLES', 0))
  return (await Promise.all(sizes)).reduce((sum: number, size) => sum + Number(size), 0)
}
