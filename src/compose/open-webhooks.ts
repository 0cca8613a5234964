/** The receiver of webhooks that the settings name; what it needs is loaded with the gate that has one. */
import type { Clock } from '../core/ports/clock.ts'
import type { Webhooks } from '../core/ports/webhooks.ts'
import type { Settings } from '../core/settings.ts'

/** Throws a ConfigError for a secret that cannot sign. */
export async function openWebhooks(
  { spend }: Pick<Settings, 'spend'>,
  clock: Clock,
): Promise<Webhooks | null> {
  const receiver = spend?.alerts.webhook ?? null
  if (receiver === null) return null
  const { createWebhooks } = await import('../webhook/index.ts')
  return createWebhooks(receiver, clock)
}
