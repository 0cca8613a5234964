/** A gate as it comes, but with quotas that a bench cannot use up, and one verified key. */

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Gate, lockgate } from '../../src/index.ts'
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
      databaseUrl,
      // Without its Redis a gate must refuse, which fails the run, not go on by itself, which is faster.
      ...(redisUrl === undefined ? {} : { redis: { url: redisUrl }, outage: 'closed' as const }),
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
    },
  })
  const { key } = await gate.keys.issue({ owner: 'bench@example.com', scopes: ['read', 'write'] })
  return { gate, key }
}
