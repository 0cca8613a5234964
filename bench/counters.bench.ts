/** How many decisions a second do the memory counters make, and what does a request take up? */

import { DEFAULT_TIERS } from '../src/core/tier.ts'
import { createMemoryCounters } from '../src/counters/memory/index.ts'
import { createTestClock } from '../src/testing/index.ts'
import { compare } from './time.ts'

/** Spread over as many keys as it takes. */
const REQUESTS_TRACKED = 1_200_000

const free = DEFAULT_TIERS.find((tier) => tier.name === 'free')
const limits = free?.limits ?? []
const address = [
  { name: 'ip', quota: 1200, windowMs: 60_000, algorithm: 'sliding-window' } as const,
]

await compare('Decisions of the memory counters, each on one of 1,000 keys', [
  decisions('minute + burst + day', false),
  decisions('the same and the address', true),
])

function decisions(name: string, withAddress: boolean) {
  const clock = createTestClock()
  const counters = createMemoryCounters({ clock })
  const requests = Array.from({ length: 1000 }, (_, i) => {
    const charges = [{ subject: `kbench${i}`, limits, cost: 1 }]
    if (withAddress) charges.push({ subject: `i203.0.113.${i}`, limits: address, cost: 1 })
    return { charges }
  })
  return {
    name,
    times: 500_000,
    run(times: number) {
      for (let i = 0; i < times; i++) {
        // A request a second per key: all are admitted until the day is used up, then refused.
        if (i % 1000 === 0) clock.advance(1000)
        const request = requests[i % 1000]
        if (request !== undefined) counters.consume(request)
      }
    },
  }
}

console.log(
  '\nBytes per tracked request: heap and buffers, names and maps included, keys filling side by side',
)
for (const perKey of [60, 600, 1000]) {
  console.log(
    `  ${String(perKey).padStart(5)} requests a key: ${(await bytesPerRequest(perKey)).toFixed(2)}`,
  )
}

async function bytesPerRequest(perKey: number): Promise<number> {
  const clock = createTestClock()
  const counters = createMemoryCounters({ clock })
  const keys = REQUESTS_TRACKED / perKey
  const day = [
    { name: 'day', quota: perKey, windowMs: 86_400_000, algorithm: 'sliding-window' } as const,
  ]
  const before = await memory()
  for (let i = 0; i < perKey; i++) {
    clock.advance(10)
    for (let key = 0; key < keys; key++) {
      counters.consume({ charges: [{ subject: `k${key}`, limits: day, cost: 1 }] })
    }
  }
  // As each second in a gate.
  counters.takeUsage()
  const used = (await memory()) - before
  // The counters must still be alive when memory is read.
  counters.close()
  return used / REQUESTS_TRACKED
}

/** Bytes in use, after what is garbage is gone; buffers go a turn after what held them. */
async function memory(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc')
  for (let i = 0; i < 4; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
