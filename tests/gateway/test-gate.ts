/** The gate under a gateway under test: a real one, with a key that may read and write at will. */

import { resolveSettings } from '../../src/config/resolve-settings.ts'
import type { Logger } from '../../src/core/ports/logger.ts'
import type { Settings } from '../../src/core/settings.ts'
import type { Gate } from '../../src/engine/gate.ts'
import { type LockgateConfig, openGate } from '../../src/index.ts'

export interface TestGate {
  readonly gate: Gate
  readonly settings: Settings
  /** Of tier `open`, with scopes `read` and `write`. */
  readonly key: string
  /** Every line that was logged, as JSON. */
  readonly logged: string[]
}

const PLENTY = { name: 'minute', quota: 1_000_000, window: '1m' }

export async function openTestGate(config: LockgateConfig = {}): Promise<TestGate> {
  const settings = resolveSettings(
    { ip: false, ...config, tiers: { open: { limits: [PLENTY] }, ...config.tiers } },
    {},
    { databaseUrl: 'sqlite::memory:' },
  )
  const logged: string[] = []
  const gate = await openGate(settings, { log: loggerInto(logged) })
  const issued = await gate.keys.issue({
    owner: 'ada@example.com',
    tier: 'open',
    scopes: ['read', 'write'],
  })
  return { gate, settings, key: issued.key, logged }
}

function loggerInto(lines: string[]): Logger {
  const log = (fields: object, message: string): void => {
    lines.push(JSON.stringify({ ...fields, message }))
  }
  return { debug: log, info: log, warn: log, error: log }
}
