/** `defineConfig`: gives an editor the types of a configuration file; changes nothing. */
import type { LockgateConfig } from './lockgate-config.ts'

/**
 * Returns its argument. Checks happen when the configuration is loaded.
 *
 * @example
 * ```ts
 * import { defineConfig } from 'lockgate'
 *
 * export default defineConfig({ upstream: 'http://127.0.0.1:3000', keys: { prefix: 'acme' } })
 * ```
 */
export function defineConfig(config: LockgateConfig): LockgateConfig {
  return config
}
