/** A gate as it comes, but with quotas that a bench cannot use up, and one verified key. */

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSettings } from '../../src/config/index.ts'
import type { GatewaySettings } from '../../src/core/settings.ts'
import { type Gate, lockgate, openGate } from '../../src/index.ts'
import { PLENTY } from './plenty.ts'

/** A database in a folder of its own. */
export const benchDatabase = (): string =>
  `sqlite:${join(mkdtempSync(join(tmpdir(), 'lockgate-bench-')), 'bench.db')}`

export async function openBenchGate(
  databaseUrl: string = benchDatabase(),
  redisUrl?: string,
): Promise<{ gate: Gate; key: string }> {
  const gate = await lockgate({
    config: {
      ...CONFIG,
      databaseUrl,
      // Without its Redis a gate must refuse, which fails the run, not go on by itself, which is faster.
      ...(redisUrl === undefined ? {} : { redis: { url: redisUrl }, outage: 'closed' as const }),
    },
  })
  return { gate, key: await newKey(gate) }
}

/** The same with money: caps of the key, its owner and the account, which no bench uses up either. */
export async function openMeteredGate(
  upstream: string,
): Promise<{ gate: Gate; key: string; settings: GatewaySettings }> {
  const caps = { perDay: DOLLARS, perMonth: DOLLARS }
  const { settings } = await loadSettings({
    config: {
      ...CONFIG,
      ...{ databaseUrl: benchDatabase(), upstream },
      tiers: { free: { ...CONFIG.tiers.free, spend: caps } },
      spend: { account: caps, owner: caps },
    },
  })
  const gate = await openGate(settings)
  return { gate, key: await newKey(gate), settings: settings.gateway }
}

const DOLLARS = 100_000_000
const CONFIG = {
  tiers: {
    free: {
      limits: [
        { name: 'minute', quota: PLENTY, window: '1m', burst: { extra: 0.2, for: '10s' } },
        { name: 'day', quota: PLENTY, window: '1d' },
      ],
    },
  },
  ip: {
    limits: [{ name: 'ip', quota: PLENTY, window: '1m' }],
    failures: { quota: 20, window: '1m' },
  },
} as const

async function newKey(gate: Gate): Promise<string> {
  const { key } = await gate.keys.issue({ owner: 'bench@example.com', scopes: ['read', 'write'] })
  return key
}
