/** Who calls: the scraper and the users, with the addresses they come from and the keys they hold. */
import type { Gate } from '../../engine/gate.ts'
import { USERS } from './trace.ts'

/** The credential of the owner's account at the LLM. */
export const OWNERS_KEY = 'the-account-of-the-owner'

export interface Caller {
  readonly key: string | undefined
  /** From the ranges for documentation (RFC 5737). */
  readonly address: string
}

/** The callers by their number in the trace, each user with a key of the free tier. */
export async function createCallers(gate: Gate, scraperHasKey: boolean): Promise<Caller[]> {
  const scraperKey = scraperHasKey ? await issue(gate, 'scraper@example.net') : undefined
  const callers: Caller[] = [{ key: scraperKey, address: SCRAPER_ADDRESS }]
  for (let user = 1; user <= USERS; user += 1) {
    callers.push({ key: await issue(gate, `user-${user}@example.com`), address: addressOf(user) })
  }
  return callers
}

/** The callers of an open endpoint: it spends its owner's account for whoever comes. */
export function createOpenCallers(): Caller[] {
  const addresses = [SCRAPER_ADDRESS]
  for (let user = 1; user <= USERS; user += 1) addresses.push(addressOf(user))
  return addresses.map((address) => ({ key: OWNERS_KEY, address }))
}

const SCRAPER_ADDRESS = '203.0.113.66'
const addressOf = (user: number): string => `198.51.100.${user}`

async function issue(gate: Gate, owner: string): Promise<string> {
  const { key } = await gate.keys.issue({ owner, tier: 'free', scopes: ['read', 'write'] })
  return key
}
