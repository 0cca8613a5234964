/**
 * The composition root: configuration to store, counters and engine. The only file besides the CLI
 * that knows which store and which counters there are.
 */
import { createAuditSigner } from './compose/audit-signer.ts'
import { openCounters } from './compose/open-counters.ts'
import { openMailer } from './compose/open-mailer.ts'
import { openStore } from './compose/open-store.ts'
import { openWebhooks } from './compose/open-webhooks.ts'
import { settingsDigests } from './compose/settings-digests.ts'
import { type LockgateConfig, loadSettings } from './config/index.ts'
import type { AuditRow } from './core/audit.ts'
import { ConfigError } from './core/errors.ts'
import type { Clock } from './core/ports/clock.ts'
import type { Counters, SharedCounters } from './core/ports/counters.ts'
import type { Logger } from './core/ports/logger.ts'
import type { Mailer } from './core/ports/mailer.ts'
import type { GateMetrics } from './core/ports/metrics.ts'
import type { Store } from './core/ports/store.ts'
import type { Settings } from './core/settings.ts'
import type { RedisConnection } from './counters/redis/index.ts'
import { createGate } from './engine/create-gate.ts'
import type { Gate } from './engine/gate.ts'
import { createSystemClock } from './engine/system-clock.ts'
import type { PostgresPool } from './stores/postgres/index.ts'
import { createLogger } from './telemetry/logger.ts'

export interface GateOptions {
  /** Default: JSON lines on stderr from the configured level on. */
  readonly log?: Logger
  /**
   * Receives every new audit row within about a second of its being durable. Without it `lockgate()`
   * hands the rows to `log`, where one was given.
   */
  readonly onAudit?: (row: AuditRow) => void
  /** Who this process is in the audit log; default `library`. */
  readonly actor?: string
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Is told of every decision; keeps numbers only. Default: nobody. */
  readonly metrics?: GateMetrics
  /**
   * A connected client of Redis or Valkey: `fromIoredis(client)` or `fromNodeRedis(client)` of
   * `lockgate/redis`. It takes the place of `redis.url`, and stays open when the gate is closed.
   */
  readonly redis?: RedisConnection
  /** A pool of `pg`, instead of `databaseUrl`. It stays open when the gate is closed. */
  readonly postgres?: PostgresPool
  /** Counters of your own. The gate closes them; shared ones are guarded against outages. */
  readonly counters?: Counters | SharedCounters
  /** A store of your own, instead of `databaseUrl`. The gate closes it. */
  readonly store?: Store
  /** Delivers mails your way, instead of SMTP or files. The gate closes it. */
  readonly mailer?: Mailer
  /**
   * Whether this gate looks after what concerns everybody on the same database, such as mail that
   * waits. Default true; false for a program that is over in a moment.
   */
  readonly chores?: boolean
}

export interface LockgateOptions extends GateOptions {
  /** The configuration itself, instead of a file. The environment still counts. */
  readonly config?: LockgateConfig
  /** The file to read; default: `lockgate.config.*` in the working directory, if there is one. */
  readonly configFile?: string
}

/**
 * Opens a gate: SQLite and memory, or what the configuration, the environment and the options say.
 *
 * @throws ConfigError naming the option or member that cannot be used, or the driver that is missing;
 * LockgateError `store_unavailable` or `limiter_unavailable` for a server that cannot be reached.
 * @example
 * const gate = await lockgate()
 * const { key } = await gate.keys.issue({ owner: 'ada@example.com', scopes: ['write'] })
 */
export async function lockgate(options: LockgateOptions = {}): Promise<Gate> {
  checkOptions(options)
  const { config, configFile, log, ...gateOptions } = options
  const { settings } = await loadSettings({
    ...(config === undefined ? {} : { config }),
    ...(configFile === undefined ? {} : { configFile }),
    ...(options.redis === undefined ? {} : { overrides: { hasOwnRedis: true } }),
  })
  const logged = log && { log, onAudit: (audit: AuditRow) => log.info({ audit }, audit.event) }
  return openGate(settings, { ...logged, ...gateOptions })
}

const OPTIONS: Readonly<Record<keyof LockgateOptions, true>> = {
  ...{ config: true, configFile: true },
  ...{ log: true, onAudit: true, actor: true, clock: true, metrics: true },
  ...{ redis: true, postgres: true, counters: true, store: true },
  ...{ mailer: true, chores: true },
}

/** `lockgate({ tiers })` instead of `lockgate({ config: { tiers } })` would run on the defaults. */
function checkOptions(options: LockgateOptions): void {
  const stranger = Object.keys(options).find((name) => !Object.hasOwn(OPTIONS, name))
  if (stranger !== undefined) {
    const known = Object.keys(OPTIONS).join(', ')
    throw new ConfigError(
      `lockgate() has no option "${stranger}"; it knows ${known}. What a configuration file holds goes into config.`,
    )
  }
  if (options.config !== undefined && options.configFile !== undefined) {
    throw new ConfigError('lockgate() takes config or configFile, not both')
  }
}

/** Two of a kind would leave one of them unused, and open. */
function checkParts(options: GateOptions): void {
  if (options.redis !== undefined && options.counters !== undefined) {
    throw new ConfigError('lockgate() takes redis or counters, not both')
  }
  if (options.postgres !== undefined && options.store !== undefined) {
    throw new ConfigError('lockgate() takes postgres or store, not both')
  }
}

/** Opens a gate from settings that were loaded before. */
export async function openGate(settings: Settings, options: GateOptions = {}): Promise<Gate> {
  checkParts(options)
  const { clock = createSystemClock(), log = createLogger(settings.logLevel) } = options
  const { mailer = openMailer(settings.mail), chores = true } = options
  let { store, counters } = options
  try {
    store = await openStore(settings.databaseUrl, options)
    counters = await openCounters(settings, options, { outage: settings.outage, clock, log })
    return await createGate({
      ...{ store, counters, clock, log, mailer, chores },
      webhooks: await openWebhooks(settings, clock),
      keys: settings.keys,
      tiers: settings.tiers,
      address: settings.address,
      http: settings.http,
      publicUrl: settings.publicUrl,
      mail: settings.mail,
      anomaly: settings.anomaly,
      spend: settings.spend,
      expiryRemindersMs: settings.expiryRemindersMs,
      actor: options.actor ?? 'library',
      audit: settings.audit,
      auditSigner: createAuditSigner(settings.audit.signingKeyFile),
      settingsDigests: settingsDigests(settings),
      onAudit: options.onAudit,
      metrics: options.metrics,
    })
  } catch (error) {
    await counters?.close()
    await store?.close()
    await mailer.close()
    throw error
  }
}
