/**
 * How many checks of two windows does one core of Redis do? Keys are drawn from 1,000; a round begins
 * with an empty server, so that all contestants hold as much at each moment of it.
 */
import type { CountersForm } from '../src/counters/redis/index.ts'
import { printBar } from './bar.ts'
import { naiveChecks } from './naive-window.ts'
import { QUICK } from './quick.ts'
import {
  IN_FLIGHT,
  printCosts,
  type RedisContestant,
  type RedisCost,
  raceOnRedis,
  startBenchRedis,
} from './redis-load.ts'
import {
  type Check,
  lockgateChecks,
  MINUTE_AND_DAY,
  SECOND_AND_DAY,
  type Windows,
} from './redis-windows.ts'

const KEYS = 1_000
const CHECKS = QUICK ? 20_000 : 200_000
const NAIVE = 'five commands, one a run, as ioredis sends'
const NAIVE_PIPELINED = 'five commands, one a run, pipelined'
const RING = 'lockgate ring, as it sends'

const { server, client, pipelining } = await startBenchRedis()
try {
  await compare('minute + day', MINUTE_AND_DAY)
  await compare('second + day: at each check something leaves the second', SECOND_AND_DAY)
} finally {
  for (const each of [client, pipelining]) each.disconnect()
  await server.stop()
}

async function compare(what: string, limits: Windows): Promise<void> {
  const alone = (form: CountersForm): Check =>
    lockgateChecks(pipelining, { form, limits, senders: IN_FLIGHT })
  const asSent = (form: CountersForm): Check => lockgateChecks(client, { form, limits })
  const contestants = [
    contestant('PING, pipelined', async () => void (await pipelining.ping())),
    contestant(NAIVE_PIPELINED, await naiveChecks(pipelining, limits)),
    contestant('lockgate ring, one a run, pipelined', alone('ring')),
    contestant('lockgate sorted set, one a run, pipelined', alone('zset')),
    contestant(NAIVE, await naiveChecks(client, limits)),
    contestant(RING, asSent('ring')),
    contestant('lockgate sorted set, as it sends', asSent('zset')),
  ]
  const costs = await raceOnRedis(contestants, CHECKS)
  printCosts(`Checks of one of ${KEYS} keys, ${IN_FLIGHT} in flight; ${what}`, costs)
  printBars(costs)
}

function contestant(name: string, check: Check): RedisContestant {
  const prepare = async () => void (await client.flushall())
  return { name, client, prepare, once: () => check(Math.floor(Math.random() * KEYS)) }
}

/** Pipelining is the best that the peer can do; few apps turn it on. */
function printBars(costs: readonly RedisCost[]): void {
  const ring = costs.find(({ name }) => name === RING)
  const naive = costs.filter(({ name }) => name === NAIVE || name === NAIVE_PIPELINED)
  if (ring === undefined) throw new Error('the ring did not take part')
  for (const { name, microseconds, perSecond } of naive) {
    const ratio = microseconds / ring.microseconds
    printBar({ what: `ring as it sends to ${name}, a core-second`, ratio, atLeast: 1.7 })
    const byRate = (ring.perSecond / perSecond).toFixed(2)
    console.log(`    and by measured rate ${byRate}: of the server only where its core was busy`)
  }
}
