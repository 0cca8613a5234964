/**
 * The composition root: configuration to store, counters and engine. The only file besides the CLI
 * that knows which store and which counters there are.
 */
import { openStore } from './compose/open-store.ts'
import { type LockgateConfig, loadSettings } from './config/index.ts'
import type { AuditRow } from './core/audit.ts'
import { ConfigError } from './core/errors.ts'
import type { Clock } from './core/ports/clock.ts'
import type { Logger } from './core/ports/logger.ts'
import type { GateMetrics } from './core/ports/metrics.ts'
import type { Settings } from './core/settings.ts'
import { createMemoryCounters } from './counters/memory/index.ts'
import { createGate } from './engine/create-gate.ts'
import type { Gate } from './engine/gate.ts'
import { createSystemClock } from './engine/system-clock.ts'
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
}

export interface LockgateOptions extends GateOptions {
  /** The configuration itself, instead of a file. The environment still counts. */
  readonly config?: LockgateConfig
  /** The file to read; default: `lockgate.config.*` in the working directory, if there is one. */
  readonly configFile?: string
}

/**
 * Opens a gate: SQLite and memory, or what the configuration and the environment say.
 *
 * @throws ConfigError naming the option or member that cannot be used; LockgateError
 * `store_unavailable`.
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
  })
  const logged = log && { log, onAudit: (audit: AuditRow) => log.info({ audit }, audit.event) }
  return openGate(settings, { ...logged, ...gateOptions })
}

const OPTIONS: Readonly<Record<keyof LockgateOptions, true>> = {
  ...{ config: true, configFile: true },
  ...{ log: true, onAudit: true, actor: true, clock: true, metrics: true },
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

/** Opens a gate from settings that were loaded before. */
export async function openGate(settings: Settings, options: GateOptions = {}): Promise<Gate> {
  const clock = options.clock ?? createSystemClock()
  const store = await openStore(settings)
  try {
    return await createGate({
      store,
      counters: createMemoryCounters({ clock }),
      clock,
      keys: settings.keys,
      tiers: settings.tiers,
      address: settings.address,
      http: settings.http,
      log: options.log ?? createLogger(settings.logLevel),
      actor: options.actor ?? 'library',
      onAudit: options.onAudit,
      metrics: options.metrics,
    })
  } catch (error) {
    await store.close()
    throw error
  }
}
