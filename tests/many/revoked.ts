/**
 * A key is revoked through one instance and presented to another right after: the next request, no
 * later one, is refused. Other keys keep all four instances busy.
 */
import { testDatabase } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { closeInstances, type Instance, keyIdOf, launchInstances } from './instances.ts'

const LOAD_KEYS = 8
const LOAD_PER_SECOND = 50
/** So many trials are under way at once, each with a key of its own. */
const LANES = 8

const CONFIG = {
  keys: { argon2id: { memoryKiB: 8, passes: 1 } },
  tiers: { free: { limits: [{ name: 'minute', quota: 1_000_000, window: '1m' }] } },
  ip: false,
  redis: { deadline: '5s' },
} as const

export interface Trials {
  /** By what was answered before and after the revocation: `allowed, then invalid_key`. */
  readonly tally: Readonly<Record<string, number>>
  /** What became of the other requests, by code. */
  readonly load: Readonly<Record<string, number>>
}

export async function revokeAndAsk(trials: number): Promise<Trials> {
  const database = await testDatabase()
  const redis = await startRedis()
  let instances: Instance[] = []
  try {
    const options = { databaseUrl: database.url, redisUrl: redis.url, config: CONFIG }
    instances = await launchInstances(options)
    await startLoad(instances)
    const tally: Record<string, number> = {}
    const load: Record<string, number> = {}
    let next = 0
    const lanes = Array.from({ length: LANES }, async () => {
      while (next < trials) {
        const result = await runTrial(instances, next++)
        tally[result] = (tally[result] ?? 0) + 1
      }
    })
    await Promise.all(lanes)
    await countLoad(instances, load)
    return { tally, load }
  } finally {
    await closeInstances(instances)
    await redis.stop()
    await database.stop()
  }
}

async function startLoad(instances: readonly Instance[]): Promise<void> {
  const issued = Array.from({ length: LOAD_KEYS }, () => instances[0]?.ask('issue'))
  const keys = (await Promise.all(issued)).map((key) => key ?? '')
  const schedule = { keys, perSecond: LOAD_PER_SECOND }
  await Promise.all(instances.map((instance) => instance.ask('startLoad', schedule)))
}

/** Each pair of different instances in turn. */
async function runTrial(instances: readonly Instance[], trial: number): Promise<string> {
  const { length } = instances
  const revoking = instances[trial % length]
  const asked = instances[(trial + 1 + (Math.floor(trial / length) % (length - 1))) % length]
  if (revoking === undefined || asked === undefined) throw new Error('there are no instances')
  const key = await revoking.ask('issue')
  const before = await asked.ask('codeOf', key)
  await revoking.ask('revoke', keyIdOf(key))
  return `${before}, then ${await asked.ask('codeOf', key)}`
}

async function countLoad(instances: readonly Instance[], load: Record<string, number>) {
  const reports = await Promise.all(instances.map((instance) => instance.ask('takeLoad')))
  for (const { code } of reports.flatMap(({ records }) => records)) {
    load[code] = (load[code] ?? 0) + 1
  }
}
