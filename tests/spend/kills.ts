/** What is killed in mid-stream, and what must hold after it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { CAP_MICRO_USD, type KillReport, type Moment, playKills } from './kill.ts'

/** The gateway, with SQLite and counters in memory: kill -9, and a start on the same files. */
export function killGateway(kills: number): Promise<KillReport> {
  return playKills({
    kills,
    async crash(server) {
      await server.kill()
      await server.start()
    },
  })
}

/** Redis, with PostgreSQL beside it: kill -9, and a start without its data. */
export async function killRedis(kills: number): Promise<KillReport> {
  const redis = await startRedis()
  const postgres = await startPostgres()
  try {
    const variables = {
      LOCKGATE_DATABASE_URL: await postgres.createDatabase(),
      LOCKGATE_REDIS_URL: redis.url,
    }
    return await playKills({
      ...{ kills, variables },
      async crash(server) {
        await redis.kill()
        await sleep(200)
        await redis.start()
        await ready(server.adminUrl)
      },
    })
  } finally {
    await redis.stop()
    await postgres.stop()
  }
}

/** Until the gateway has noticed that Redis is back. */
async function ready(adminUrl: string): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    const answer = await fetch(`${adminUrl}/health`)
    if (answer.ok && (await answer.text()).includes('"ready"')) return
    await sleep(50)
  }
}

export function expectNothingLost(report: KillReport): void {
  const { moments, end, cappedProducedMicroUsd, refusals, streams } = report
  for (const moment of [...moments, end]) {
    expect(sumOf(moment.all), 'spent and held').toBeGreaterThanOrEqual(moment.producedMicroUsd)
  }
  expect(end.all.reservedMicroUsd, 'held at the end').toBe(0)
  expect(cappedProducedMicroUsd, 'produced under a cap').toBeLessThanOrEqual(CAP_MICRO_USD)
  expect(refusals['spend_exceeded'], 'refused by the cap').toBeGreaterThan(0)
  expect(streams, 'streams, whole or cut').toBeGreaterThan(0)
}

/** The ledger's sum, too: what an earlier call gave back is written down before its room is used. */
export function expectLedgerWithinCap({ moments, end }: KillReport): void {
  for (const { capped } of [...moments, end]) {
    expect(sumOf(capped), 'spent and held of the cap').toBeLessThanOrEqual(CAP_MICRO_USD)
  }
}

const sumOf = ({ microUsd, reservedMicroUsd }: Moment['all']): number => microUsd + reservedMicroUsd
