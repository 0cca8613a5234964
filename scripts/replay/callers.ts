/** Who calls: the scraper and the users, with the addresses they come from and the keys they hold. */
import type { Gate } from '../../src/engine/gate.ts'
import type { ScenarioName } from './tally.ts'
import { USERS } from './trace.ts'

export interface Caller {
  readonly key: string | undefined
  /** From the ranges for documentation (RFC 5737). */
  readonly address: string
}

/** The callers by their number in the trace. With a gate every user has a key of the free tier. */
export async function createCallers(
  scenario: ScenarioName,
  gate: Gate | undefined,
): Promise<readonly Caller[]> {
  const hasKey = scenario === 'one-key'
  const scraperKey = hasKey ? await issue(gate, 'scraper@example.net') : undefined
  const callers: Caller[] = [{ key: scraperKey, address: '203.0.113.66' }]
  for (let user = 1; user <= USERS; user += 1) {
    const key = await issue(gate, `user-${user}@example.com`)
    callers.push({ key, address: `198.51.100.${user}` })
  }
  return callers
}

async function issue(gate: Gate | undefined, owner: string): Promise<string | undefined> {
  const issued = await gate?.keys.issue({ owner, tier: 'free', scopes: ['read', 'write'] })
  return issued?.key
}
