/**
 * What does the guard cost in Express 5 with its counters on Redis, beside no guard and beside the
 * usual rate limiters on the same Redis? Redis shares a processor with wrk, for all of them alike.
 */
import { startRedis } from '../tests/servers/redis.ts'
import { printBar } from './bar.ts'
import { race } from './load.ts'
import { LOAD_CORE, MEASURED_CORE, pin } from './pin.ts'

const BARE = 'nothing'
const LOCKGATE = 'lockgate: key, scope, address, min+burst+day'
const PEER = 'express-rate-limit + rate-limit-redis'
const FLEXIBLE = 'rate-limiter-flexible, no headers'

const redis = await startRedis()
try {
  pin(redis.pid, LOAD_CORE)
  const server = (variant: string) => ['express-redis.ts', variant, redis.url] as const
  const results = await race('Express 5, counters on one Redis, with …', [
    { name: BARE, server: server('bare') },
    { name: LOCKGATE, server: server('lockgate') },
    { name: PEER, server: server('express-rate-limit') },
    { name: FLEXIBLE, server: server('flexible') },
  ])
  const rates = new Map(results.map(({ name, perSecond }) => [name, perSecond]))
  const ratio = (of: string, to: string) => (rates.get(of) ?? NaN) / (rates.get(to) ?? NaN)
  console.log(
    `  (Express on core ${MEASURED_CORE}; redis-server on core ${LOAD_CORE} beside wrk, for all alike)`,
  )
  printBar({ what: 'lockgate to nothing', ratio: ratio(LOCKGATE, BARE), atLeast: 0.65 })
  printBar({ what: `lockgate to ${PEER}`, ratio: ratio(LOCKGATE, PEER), atLeast: 1.4 })
} finally {
  await redis.stop()
}
