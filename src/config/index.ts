/** Configuration: file and environment to one frozen Settings. */
export { checkDatabaseUrl, databaseFile, isPostgres, maskUrl } from './database-url.ts'
export { defineConfig } from './define-config.ts'
export { readUpstream, UPSTREAM_RULE } from './http-values.ts'
export { findConfigFile } from './load-config-file.ts'
export { type LoadedSettings, loadSettings } from './load-settings.ts'
export type { LockgateConfig } from './lockgate-config.ts'
export { parseRedisUrl } from './redis-url.ts'
export { resolveSettings } from './resolve-settings.ts'
