/**
 * Configuration and environment to one frozen Settings: read by the schema, completed with
 * defaults, then checked across members. Pure; throws a ConfigError with every problem it found.
 */
import type { AddressSettings, KeySettings, Settings } from '../core/settings.ts'
import { DEFAULT_TIERS, type Tier } from '../core/tier.ts'
import { acrossProblems } from './across.ts'
import { checkDatabaseUrl, DEFAULT_DATABASE_URL } from './database-url.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { freezeDeep } from './freeze-deep.ts'
import { gatewaySettings } from './gateway-settings.ts'
import { anomalySettings, auditSettings, expiryRemindersOf, leakSettings } from './leak-settings.ts'
import { mailSettings, publicUrlOf } from './mail-settings.ts'
import { linesOf, refuse } from './problems.ts'
import { redisSettings } from './redis-settings.ts'
import { configSchema, type ReadConfig } from './schema.ts'
import { spendSettings, tierSpendSettings, unheldRoutes } from './spend-settings.ts'

const MINUTE_MS = 60_000

/** What a command line or an application says; it wins over file and environment. */
export interface SettingsOverrides {
  readonly databaseUrl?: string
  readonly upstream?: string
  /** The application has a client of Redis: `redis.url` is not used, the rest of `redis` is. */
  readonly hasOwnRedis?: true
}

/**
 * The settings that `config` (as a person wrote it) and `env` make. The order of precedence is
 * `overrides`, then the environment, then `config`, then the default. `source` begins each problem.
 *
 * @throws ConfigError one line a problem, at most ten, each naming the member's path.
 * @example
 * ```ts
 * resolveSettings({ keys: { prefix: 'acme' } }, {}).keys.prefix // 'acme'
 * ```
 */
export function resolveSettings(
  config: unknown,
  env: Environment,
  overrides: SettingsOverrides = {},
  source = 'configuration',
): Settings {
  const environment = readEnvironment(env)
  const read = readConfig(config, source)
  const ip = read.ip === false ? undefined : read.ip
  const publicUrl = publicUrlOf(environment.publicUrl, read, source)
  const settings: Settings = freezeDeep({
    databaseUrl: databaseUrlOf(overrides, environment.databaseUrl, read, source),
    redis: redisSettings(environment.redisUrl, read.redis, source, overrides.hasOwnRedis === true),
    keys: keySettings(read.keys),
    tiers: tiersOf(read.tiers),
    address: addressSettings(read.ip),
    http: {
      trustedProxies: [...(ip?.trustedProxies ?? [])],
      ipv6PrefixBits: ip?.ipv6PrefixBits ?? 64,
      errors: read.errors ?? 'lockgate',
      legacyHeaders: read.legacyHeaders ?? false,
      realm: read.realm ?? 'api',
    },
    gateway: gatewaySettings(read, overrides.upstream),
    outage: read.outage ?? 'local',
    spend: spendSettings(read),
    publicUrl,
    mail: mailSettings(environment.smtpUrl, read.mail, publicUrl),
    leaks: leakSettings(read.leaks),
    anomaly: anomalySettings(read.anomaly),
    audit: auditSettings(read.audit),
    expiryRemindersMs: expiryRemindersOf(read.expiryReminders),
    logLevel: environment.logLevel,
  })
  const problems = [...acrossProblems(settings), ...unheldRoutes(read)]
  return problems.length === 0 ? settings : refuse(problems, source)
}

function readConfig(config: unknown, source: string): ReadConfig {
  const hostile = hostileMember(config)
  if (hostile !== undefined) refuse([`${hostile} is not a known member`], source)
  const result = configSchema.safeParse(config)
  return result.success ? result.data : refuse(linesOf(result.error.issues), source)
}

/** `__proto__` as a member of its own, which a parser would otherwise drop without a word. */
function hostileMember(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null || depth > 8) return undefined
  if (Object.hasOwn(value, '__proto__')) return '__proto__'
  for (const inner of Object.values(value)) {
    const found = hostileMember(inner, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

function databaseUrlOf(
  overrides: SettingsOverrides,
  fromEnvironment: string | undefined,
  read: ReadConfig,
  source: string,
): string {
  if (overrides.databaseUrl !== undefined)
    return checkDatabaseUrl(overrides.databaseUrl, 'databaseUrl')
  if (fromEnvironment !== undefined)
    return checkDatabaseUrl(fromEnvironment, 'LOCKGATE_DATABASE_URL')
  return checkDatabaseUrl(read.databaseUrl ?? DEFAULT_DATABASE_URL, `${source}: databaseUrl`)
}

function keySettings(read: ReadConfig['keys']): KeySettings {
  return {
    prefix: read?.prefix ?? 'sk',
    hash: read?.hash ?? 'argon2id',
    argon2id: {
      memoryKiB: read?.argon2id?.memoryKiB ?? 19_456,
      passes: read?.argon2id?.passes ?? 2,
      parallelism: read?.argon2id?.parallelism ?? 1,
    },
    bcrypt: { cost: read?.bcrypt?.cost ?? 12 },
    hashing: {
      running: read?.hashing?.running ?? 2,
      queued: read?.hashing?.queued ?? 64,
    },
  }
}

function tiersOf(read: ReadConfig['tiers']): ReadonlyMap<string, Tier> {
  const tiers = new Map(DEFAULT_TIERS.map((tier) => [tier.name, tier]))
  for (const [name, tier] of Object.entries(read ?? {})) {
    const { maxConcurrent } = tier
    tiers.set(name, {
      name,
      limits: [...tier.limits],
      ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
      ...tierSpendSettings(tier),
    })
  }
  return tiers
}

function addressSettings(read: ReadConfig['ip']): AddressSettings | null {
  if (read === false) return null
  return {
    limits: [
      ...(read?.limits ?? [
        {
          name: 'ip',
          quota: 1200,
          windowMs: MINUTE_MS,
          algorithm: 'sliding-window' as const,
        },
      ]),
    ],
    failures: {
      name: 'ip-failures',
      quota: read?.failures?.quota ?? 20,
      windowMs: read?.failures?.window ?? MINUTE_MS,
      algorithm: 'sliding-window' as const,
    },
  }
}
