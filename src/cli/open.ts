/** Opens and closes what commands work on. */
import { openMailer } from '../compose/open-mailer.ts'
import { type LoadedSettings, loadSettings, maskUrl } from '../config/index.ts'
import { LockgateError } from '../core/errors.ts'
import type { Settings } from '../core/settings.ts'
import type { Gate } from '../engine/gate.ts'
import { createSystemClock } from '../engine/system-clock.ts'
import { type GateOptions, openGate } from '../lockgate.ts'
import { createLogger } from '../telemetry/logger.ts'
import { CommandError } from './failure.ts'
import { mailNotice } from './mail-notice.ts'
import { warn } from './output.ts'

/** What every command that reads the configuration accepts. */
export interface ConfigOption {
  readonly config?: string
}

export const CONFIG_OPTION = [
  '--config <file>',
  'configuration file (default: lockgate.config.* in this folder)',
] as const

/** A command is over in a moment: what takes its time is left to the servers. */
const SHORT = { actor: 'cli', chores: false } as const

export function loadFor({ config }: ConfigOption): Promise<LoadedSettings> {
  return loadSettings(config === undefined ? {} : { configFile: config })
}

/**
 * Opens the gate that the configuration describes, lets `work` use it, and closes it. For work that
 * decides no request and changes no key that servers may know: it does without Redis.
 */
export async function withGate<Result>(
  options: ConfigOption,
  work: (gate: Gate, settings: Settings) => Promise<Result>,
  parts: Pick<GateOptions, 'log'> = {},
): Promise<Result> {
  const { settings } = await loadFor(options)
  const gate = await openOrExplain({ ...settings, redis: null }, { ...SHORT, ...parts })
  return closing(gate, () => work(gate, settings))
}

/**
 * For work that changes keys which servers may know. The change is in the database; Redis only tells
 * servers at once, so that it is done also where Redis is out of reach.
 */
export async function withChangingGate<Result>(
  options: ConfigOption,
  work: (gate: Gate, settings: Settings) => Promise<Result>,
): Promise<Result> {
  const { settings } = await loadFor(options)
  const { redis, outage } = settings
  // What became of the change is said in words of the command's own.
  const log = createLogger('error')
  if (redis === null) return withGate(options, work, { log })
  const clock = createSystemClock()
  const parts = { outage, clock, log }
  const { openRedisCounters } = await import('../compose/shared-counters.ts')
  const counters = await openRedisCounters({ ...redis, startDegraded: true }, parts)
  const gate = await openOrExplain(settings, { ...parts, counters, ...SHORT })
  return closing(gate, async () => {
    const result = await work(gate, settings)
    if (counters.outage() !== undefined) {
      warn(
        `lockgate: warning: Redis at ${maskUrl(redis.url ?? '')} cannot be reached; the change is in the database, and servers learn of it within two seconds`,
      )
    }
    return result
  })
}

async function closing<Result>(gate: Gate, work: (gate: Gate) => Promise<Result>): Promise<Result> {
  try {
    return await work(gate)
  } finally {
    await gate.close()
  }
}

/** Opens the gate. What cannot be reached is refused within ten seconds, with what to try. */
export function openOrExplain(settings: Settings, options: GateOptions): Promise<Gate> {
  const mailer = openMailer(settings.mail, mailNotice)
  return explained(openGate(settings, { mailer, ...options }))
}

/** What a server that cannot be reached is called on a command line: a failure, with what to try. */
export async function explained<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening
  } catch (error) {
    const isOut =
      error instanceof LockgateError &&
      (error.code === 'store_unavailable' || error.code === 'limiter_unavailable')
    if (!isOut) throw error
    throw new CommandError(`${error.message}; then run "lockgate doctor"`, { cause: error })
  }
}
