/** Opens and closes what commands work on. */
import { type LoadedSettings, loadSettings, maskUrl } from '../config/index.ts'
import { LockgateError } from '../core/errors.ts'
import type { Settings } from '../core/settings.ts'
import type { Gate } from '../engine/gate.ts'
import { type GateOptions, openGate } from '../lockgate.ts'
import { CommandError } from './failure.ts'

const OPEN_TIMEOUT_MS = 8_000

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

/** Rejects within ten seconds, naming the database and what to try. */
export async function openOrExplain(settings: Settings, options: GateOptions): Promise<Gate> {
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new LockgateError('store_unavailable', `no answer within ${OPEN_TIMEOUT_MS} ms`))
    }, OPEN_TIMEOUT_MS)
  })
  try {
    return await Promise.race([openGate(settings, options), tooSlow])
  } catch (error) {
    if (!(error instanceof LockgateError) || error.code !== 'store_unavailable') throw error
    throw new CommandError(
      `cannot open the database ${maskUrl(settings.databaseUrl)}: ${error.message.replace(/\.$/, '')}; check LOCKGATE_DATABASE_URL, then run "lockgate doctor"`,
      { cause: error },
    )
  } finally {
    clearTimeout(timer)
  }
}
