/** Express behind limiters that count in memory. */
import { rateLimit } from 'express-rate-limit'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { guard } from '../../src/middleware/express/index.ts'
import { flexibleHandler, serveLimited } from './limited-app.ts'
import { openBenchGate } from './open-gate.ts'
import { PLENTY } from './plenty.ts'

await serveLimited({
  bare: async () => ({}),
  async lockgate() {
    const { gate, key } = await openBenchGate()
    return { limiter: guard(gate, { scope: 'read' }), key }
  },
  'express-rate-limit': async () => ({
    limiter: rateLimit({ windowMs: 60_000, limit: PLENTY, standardHeaders: 'draft-8' }),
  }),
  flexible: async () => ({
    limiter: flexibleHandler(new RateLimiterMemory({ points: PLENTY, duration: 60 })),
  }),
})
