/** Who calls: the scraper and the users, with the addresses they come from and the keys they hold. */
import type { Gate } from '../../engine/gate.ts'
import type { Scenario } from './scenarios.ts'
import { USERS } from './trace.ts'

/** The credential of the owner's account at the LLM. */
export const OWNERS_KEY = 'the-account-of-the-owner'

export interface Caller {
  readonly key: string | undefined
  /** From the ranges for documentation (RFC 5737). */
  readonly address: string
}

/** Who stands behind the numbers of the trace. */
export interface Callers {
  /** The scraper takes them in turn. */
  readonly scraper: readonly Caller[]
  /** From 1 on, as in the trace. */
  readonly users: readonly Caller[]
}

/** Each user has a key of the free tier; the scraper what the scenario gives it. */
export async function createCallers(gate: Gate, { keys }: Scenario): Promise<Callers> {
  const scraper: Caller[] = []
  for (let index = 0; index < (keys?.count ?? 0); index += 1) {
    const key = await issue(gate, `scraper-${index}@example.net`, keys?.tier ?? 'free')
    scraper.push({ key, address: scraperAddress(index) })
  }
  if (scraper.length === 0) scraper.push({ key: undefined, address: scraperAddress(0) })
  const users: Caller[] = []
  for (let user = 1; user <= USERS; user += 1) {
    const key = await issue(gate, `user-${user}@example.com`, 'free')
    users.push({ key, address: userAddress(user) })
  }
  return { scraper, users }
}

/** The callers of an open endpoint: it spends its owner's account for whoever comes. */
export function createOpenCallers(): Callers {
  const users: Caller[] = []
  for (let user = 1; user <= USERS; user += 1) {
    users.push({ key: OWNERS_KEY, address: userAddress(user) })
  }
  return { scraper: [{ key: OWNERS_KEY, address: scraperAddress(0) }], users }
}

/** Of the trace's call `index`. */
export function callerOf({ scraper, users }: Callers, caller: number, index: number): Caller {
  const found = caller === 0 ? scraper[index % scraper.length] : users[caller - 1]
  if (found === undefined) throw new RangeError(`there is no caller ${caller}`)
  return found
}

const scraperAddress = (index: number): string => `203.0.113.${66 + index}`
const userAddress = (user: number): string => `198.51.100.${user}`

async function issue(gate: Gate, owner: string, tier: string): Promise<string> {
  const { key } = await gate.keys.issue({ owner, tier, scopes: ['read', 'write'] })
  return key
}
