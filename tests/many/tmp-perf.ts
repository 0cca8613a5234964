import { Redis } from 'ioredis'
import { monthStartMs } from '../../src/core/spend/month.ts'
import { createRedisCounters } from '../../src/counters/redis/index.ts'
import { connectionTo } from '../counters/rig.ts'
import { startRedis } from '../servers/redis.ts'

const s = await startRedis()
const c = new Redis(s.url)
const counters = createRedisCounters({ connection: await connectionTo(s.url) })
const limits = [
  { name: 'minute', quota: 1e6, windowMs: 60000, algorithm: 'sliding-window' as const },
  { name: 'day', quota: 1e6, windowMs: 86400000, algorithm: 'sliding-window' as const },
]
const cap = (name: string, window: 'day' | 'month', quota: number) => ({
  name,
  window,
  unit: 'micro_usd' as const,
  quota,
})
async function run(what: string, n: number, par: number, mk: (i: number) => Promise<unknown>) {
  await c.config('RESETSTAT')
  const t = performance.now()
  for (let i = 0; i < n; i += par)
    await Promise.all(Array.from({ length: par }, (_, k) => mk(i + k)))
  const ms = performance.now() - t
  const info = await c.info('commandstats')
  const m = /cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(info)
  console.log(
    what.padEnd(44),
    'redis us/call',
    (Number(m?.[2]) / n).toFixed(1),
    'runs',
    m?.[1],
    'wall us/call',
    ((ms * 1000) / n).toFixed(0),
  )
}
const keys = Array.from({ length: 200 }, (_, i) => `key${i}`.padStart(8, '0'))
const now = await counters.nowMs()
const chargesOf = (k: string, quota: number) => [
  { subject: `sk${k}`, caps: [cap('a', 'day', quota), cap('b', 'month', quota)] },
  { subject: `soo${k}@x`, caps: [cap('c', 'day', quota)] },
  { subject: 'stfree', caps: [cap('d', 'day', quota)] },
  { subject: 'sa', caps: [cap('e', 'day', quota), cap('f', 'month', quota)] },
]
const minutes = Array.from({ length: 1440 }, (_, i) => ({
  startMs: now - (now % 60000) - i * 60000,
  microUsd: 10,
  tokens: 10,
}))
for (const k of keys)
  await counters.seed(
    chargesOf(k, 1).map(({ subject }) => ({
      subject,
      readAtMs: now,
      minutes: process.argv[2] === 'full' ? minutes : [],
      month: { startMs: monthStartMs(now), microUsd: 0, tokens: 0 },
      open: [],
    })),
  )
const amount = { microUsd: 5, tokens: 100 }
const B = 1e12
for (const par of [1, 64]) {
  await run(`no hold, ${par}`, 6400, par, (i) =>
    counters.consume({
      charges: [{ subject: `k${keys[i % 200]}`, limits, cost: 1 }],
      key: { keyId: keys[i % 200] ?? '', version: 1 },
    }),
  )
  await run(`hold of 4 subjects, ${par}`, 6400, par, (i) =>
    counters.consume({
      charges: [{ subject: `k${keys[i % 200]}`, limits, cost: 1 }],
      key: { keyId: keys[i % 200] ?? '', version: 1 },
      hold: {
        id: `h${par}-${i}`,
        amount,
        charges: chargesOf(keys[i % 200] ?? '', B),
        seededSinceMs: 0,
      },
    }),
  )
  await run(`settle of 4 subjects, ${par}`, 6400, par, (i) =>
    counters.settleHold(
      { id: `h${par}-${i}`, atMs: now, charges: chargesOf(keys[i % 200] ?? '', B) },
      { microUsd: 2, tokens: 40 },
    ),
  )
  await run(`refused hold of 4 subjects, ${par}`, 6400, par, (i) =>
    counters.consume({
      charges: [{ subject: `k${keys[i % 200]}`, limits, cost: 1 }],
      hold: {
        id: `r${par}-${i}`,
        amount,
        charges: chargesOf(keys[i % 200] ?? '', 5),
        seededSinceMs: 0,
      },
    }),
  )
}
console.log(
  'memory',
  await c.call('MEMORY', 'USAGE', 'lockgate:{a}:sa'),
  await c.call('MEMORY', 'USAGE', `lockgate:{${keys[0]}}:sk`),
)
await counters.close()
c.disconnect()
await s.stop()
