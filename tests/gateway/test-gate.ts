/** The gate under a gateway under test, with one key that may read and write without a limit. */
import type { Allowed, Decision } from '../../src/core/decision.ts'
import type { HttpSettings } from '../../src/core/settings.ts'
import type { CheckRequest, Gate } from '../../src/engine/gate.ts'

export interface TestGate {
  readonly gate: Gate
  readonly key: string
}

const KEY = `sk_live_7Hq2mZ9x_${'a'.repeat(43)}bbbbbb`
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

export async function openTestGate(http: Partial<HttpSettings> = {}): Promise<TestGate> {
  const limits = [
    { name: 'minute', quota: 60, windowMs: 60_000, remaining: 59, resetMs: 60_000 },
    { name: 'day', quota: 1000, windowMs: 86_400_000, remaining: 999, resetMs: 86_400_000 },
  ]
  const identity = {
    keyId: '7Hq2mZ9x',
    owner: 'ada@example.com',
    ownerExternalId: null,
    keyName: null,
    tier: 'free',
    scopes: ['read', 'write'],
    mode: 'live' as const,
  }
  const allowed: Allowed = {
    allowed: true,
    identity,
    limits,
    receipt: { atMs: 0, charges: [] },
    mustSettle: true,
  }
  const gate = {
    check(request: CheckRequest): Decision {
      if (request.presentedKey === KEY) return allowed
      return request.presentedKey === undefined
        ? { allowed: false, code: 'missing_key', limits: [] }
        : { allowed: false, code: 'invalid_key', limits: [] }
    },
    settle() {},
    countRefused: () => undefined,
    tiers: new Map(),
    http: {
      trustedProxies: [],
      ipv6PrefixBits: 64,
      errors: 'lockgate',
      legacyHeaders: false,
      realm: 'api',
      ...http,
    },
    log: QUIET,
    health: () => ({ status: 'ready', reasons: [] }),
    close: async () => {},
  } as unknown as Gate
  return { gate, key: KEY }
}
