/** An Express app with one JSON route, as an API has, behind the limiter that the argument names. */
import express, { type RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { guard } from '../../src/middleware/express/index.ts'
import { announce } from './announce.ts'
import { openBenchGate } from './open-gate.ts'

const PLENTY = 100_000_000

const variants: Record<string, () => Promise<{ limiter?: RequestHandler; key?: string }>> = {
  bare: async () => ({}),
  async lockgate() {
    const { gate, key } = await openBenchGate()
    return { limiter: guard(gate, { scope: 'read' }), key }
  },
  'express-rate-limit': async () => ({
    limiter: rateLimit({ windowMs: 60_000, limit: PLENTY, standardHeaders: 'draft-8' }),
  }),
  async flexible() {
    const limiter = new RateLimiterMemory({ points: PLENTY, duration: 60 })
    return {
      limiter: (req, res, next) => {
        limiter.consume(req.ip ?? '').then(
          () => next(),
          () => res.status(429).end(),
        )
      },
    }
  },
}

const variant = variants[process.argv[2] ?? '']
if (variant === undefined) throw new Error(`one of: ${Object.keys(variants).join(', ')}`)
const { limiter, key } = await variant()
const app = express()
if (limiter !== undefined) app.use(limiter)
app.get('/', (_req, res) => {
  res.json({ ok: true })
})
announce(app.listen(0, '127.0.0.1'), key)
