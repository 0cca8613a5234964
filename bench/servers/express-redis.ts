/** Express behind limiters that count on the Redis whose URL is the second argument. */
import { rateLimit } from 'express-rate-limit'
import { Redis } from 'ioredis'
import { type RedisReply, RedisStore } from 'rate-limit-redis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { guard } from '../../src/middleware/express/index.ts'
import { flexibleHandler, serveLimited } from './limited-app.ts'
import { benchDatabase, openBenchGate } from './open-gate.ts'
import { PLENTY } from './plenty.ts'

const [, , , url = ''] = process.argv

await serveLimited({
  bare: async () => ({}),
  async lockgate() {
    const { gate, key } = await openBenchGate(benchDatabase(), url)
    return { limiter: guard(gate, { scope: 'read' }), key }
  },
  async 'express-rate-limit'() {
    const client = new Redis(url)
    const store = new RedisStore({
      // As its README has it; what the script answers are numbers.
      sendCommand: (command, ...args) => client.call(command, ...args) as Promise<RedisReply>,
    })
    const limiter = rateLimit({
      ...{ windowMs: 60_000, limit: PLENTY, standardHeaders: 'draft-8', store },
    })
    return { limiter }
  },
  async flexible() {
    const storeClient = new Redis(url)
    const limiter = new RateLimiterRedis({ storeClient, points: PLENTY, duration: 60 })
    return { limiter: flexibleHandler(limiter) }
  },
})
