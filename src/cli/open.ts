/** Opens and closes what commands work on. */
import { openStore } from '../compose/open-store.ts'
import { type LoadedSettings, loadSettings } from '../config/index.ts'
import { LockgateError } from '../core/errors.ts'
import type { Store } from '../core/ports/store.ts'
import type { Settings } from '../core/settings.ts'
import type { Gate } from '../engine/gate.ts'
import { type GateOptions, openGate } from '../lockgate.ts'
import { CommandError } from './failure.ts'

/** What every command that reads the configuration accepts. */
export interface ConfigOption {
  readonly config?: string
}

export const CONFIG_OPTION = [
  '--config <file>',
  'configuration file (default: lockgate.config.* in this folder)',
] as const

export function loadFor({ config }: ConfigOption): Promise<LoadedSettings> {
  return loadSettings(config === undefined ? {} : { configFile: config })
}

/** Opens the gate that the configuration describes, lets `work` use it, and closes it. */
export async function withGate<Result>(
  options: ConfigOption,
  work: (gate: Gate, settings: Settings) => Promise<Result>,
): Promise<Result> {
  const { settings } = await loadFor(options)
  const gate = await openOrExplain(settings, { actor: 'cli' })
  try {
    return await work(gate, settings)
  } finally {
    await gate.close()
  }
}

/** Opens the gate. What cannot be reached is refused within ten seconds, with what to try. */
export function openOrExplain(settings: Settings, options: GateOptions): Promise<Gate> {
  return explained(openGate(settings, options))
}

/** Opens the database alone. */
export function openStoreOrExplain(settings: Settings): Promise<Store> {
  return explained(openStore(settings))
}

async function explained<T>(opening: Promise<T>): Promise<T> {
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
