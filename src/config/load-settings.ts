/** Settings from where they come in production: a file or an inline configuration, and the environment. */
import type { Settings } from '../core/settings.ts'
import { type Environment, processEnvironment } from './environment.ts'
import { findConfigFile, loadConfigFile } from './load-config-file.ts'
import type { LockgateConfig } from './lockgate-config.ts'
import { resolveSettings, type SettingsOverrides } from './resolve-settings.ts'

export interface LoadOptions {
  /** The configuration itself, instead of a file. */
  readonly config?: LockgateConfig
  /** The file to read; it must exist. Default: `lockgate.config.*` in `cwd`, if there is one. */
  readonly configFile?: string
  /** Default: the process's working directory. */
  readonly cwd?: string
  /** Default: the process's environment. */
  readonly env?: Environment
  readonly overrides?: SettingsOverrides
}

export interface LoadedSettings {
  readonly settings: Settings
  /** The file that was read; undefined without one. */
  readonly configPath: string | undefined
}

/**
 * Reads the configuration and makes the settings.
 *
 * @throws ConfigError naming the file or the member that cannot be used, one line a problem.
 */
export async function loadSettings(options: LoadOptions = {}): Promise<LoadedSettings> {
  const { config, cwd = process.cwd(), env = processEnvironment(), overrides } = options
  if (config !== undefined) {
    return { settings: resolveSettings(config, env, overrides), configPath: undefined }
  }
  const configPath = findConfigFile(cwd, options.configFile)
  const read = configPath === undefined ? {} : await loadConfigFile(configPath)
  const settings = resolveSettings(read, env, overrides, configPath)
  return { settings, configPath }
}
