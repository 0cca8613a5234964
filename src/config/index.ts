/** Configuration: file and environment to one frozen Settings. */
export { databaseFile, maskUrl } from './database-url.ts'
export { defineConfig } from './define-config.ts'
export { type Environment, processEnvironment } from './environment.ts'
export { CONFIG_FILE_NAMES, findConfigFile } from './load-config-file.ts'
export { type LoadedSettings, type LoadOptions, loadSettings } from './load-settings.ts'
export type { LockgateConfig } from './lockgate-config.ts'
export { nearest } from './problems.ts'
export { resolveSettings, type SettingsOverrides } from './resolve-settings.ts'
