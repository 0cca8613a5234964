/**
 * Four instances, one key, and more callers than its limit allows, all at once: round after round with
 * a fresh key, exactly as many are admitted as the limit says.
 */
import { testDatabase } from '../servers/postgres.ts'
import { closeInstances, type Instance, launchInstances } from './instances.ts'

export const LIMIT = 10
const CALLERS = 64

const CONFIG = {
  keys: { argon2id: { memoryKiB: 8, passes: 1 } },
  tiers: { free: { limits: [{ name: 'minute', quota: LIMIT, window: '1m' }] } },
  ip: false,
  // A busy machine must not be taken for an outage.
  redis: { deadline: '5s' },
} as const

/** How many rounds ended with how many admitted, such as `{ 10: 200 }`; other answers by their code. */
export async function playRounds(
  redisUrl: string,
  rounds: number,
): Promise<Readonly<Record<string, number>>> {
  const database = await testDatabase()
  let instances: Instance[] = []
  try {
    instances = await launchInstances({ databaseUrl: database.url, redisUrl, config: CONFIG })
    const tally: Record<string, number> = {}
    let key = await issue(instances, 0)
    for (let round = 1; round <= rounds; round++) {
      const next = issue(instances, round)
      const result = await play(instances, key)
      tally[result] = (tally[result] ?? 0) + 1
      key = await next
    }
    return tally
  } finally {
    await closeInstances(instances)
    await database.stop()
  }
}

async function issue(instances: readonly Instance[], round: number): Promise<string> {
  return (await instances[round % instances.length]?.ask('issue')) ?? ''
}

/** The number of the admitted, where the rest was refused as it should be. */
async function play(instances: readonly Instance[], key: string): Promise<string> {
  const callers = CALLERS / instances.length
  const answers = await Promise.all(
    instances.map((instance) => instance.ask('codesOf', key, callers)),
  )
  const codes = answers.flat()
  const strange = codes.find((code) => code !== 'allowed' && code !== 'rate_limited')
  return strange ?? String(codes.filter((code) => code === 'allowed').length)
}
