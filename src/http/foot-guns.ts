/**
 * Foot-guns: set-ups that work in a test and fail in production. Each is a named check that warns in
 * the gate's log once per gate, with the page that says what to do. None of them changes an answer.
 */
import type { Limit } from '../core/limits/limit.ts'
import type { Tier } from '../core/tier.ts'
import type { RequestGate } from '../engine/gate.ts'

export const FOOT_GUNS = Object.freeze({
  untrusted_proxy: {
    message:
      'A request came with X-Forwarded-For or Forwarded, and no proxy is trusted: all clients behind a proxy count as one address. Set ip.trustedProxies, or ignore this if there is no proxy.',
    page: 'docs/guides/express.md#behind-a-proxy',
  },
  guarded_twice: {
    message:
      'Two guards of one gate met the same request. It was charged once; mount one guard, or give the inner one limits of its own.',
    page: 'docs/guides/express.md#one-guard-per-request',
  },
  unmetered_call: {
    message:
      'A metered client made a request that is no call of a known API, so it costs nothing. Set spend.defaultPrice.perRequest, or ignore this if it is free.',
    page: 'docs/guides/express.md#spend-caps',
  },
  address_below_tier: {
    message:
      'An address limit is lower than a limit of a tier: a client with one address never gets what its tier promises.',
    page: 'docs/guides/express.md#addresses',
  },
})

/** The package does not carry its guides. */
const DOCS = 'https://github.com/lockgate/lockgate/blob/main/'

export type FootGun = keyof typeof FOOT_GUNS

/** Warns of `footGun` unless this gate was warned of it before. */
export function warnOnce(gate: RequestGate, footGun: FootGun, details: object = {}): void {
  const { warnings } = gate.notes
  if (warnings.has(footGun)) return
  warnings.add(footGun)
  const { message, page } = FOOT_GUNS[footGun]
  gate.log.warn({ check: footGun, docs: DOCS + page, ...details }, message)
}

/** Looks at each request until it has warned, and never again; for gates that trust no proxy. */
export function createProxyCheck(gate: RequestGate): (rawHeaders: readonly string[]) => void {
  let looking = gate.http.trustedProxies.length === 0
  return function checkForProxy(rawHeaders) {
    if (!looking || !namesForwarder(rawHeaders)) return
    looking = false
    warnOnce(gate, 'untrusted_proxy')
  }
}

function namesForwarder(rawHeaders: readonly string[]): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (name.length === 15 && name.toLowerCase() === 'x-forwarded-for') return true
    if (name.length === 9 && name.toLowerCase() === 'forwarded') return true
  }
  return false
}

/** A static check. */
export function warnOfAddressLimits(gate: RequestGate): void {
  for (const tier of gate.tiers.values()) {
    const pair = gate.address?.limits
      .map((limit) => ({ limit, over: lowerThan(limit, tier) }))
      .find(({ over }) => over !== undefined)
    if (pair?.over === undefined) continue
    const details = { address_limit: pair.limit.name, tier: tier.name, tier_limit: pair.over.name }
    warnOnce(gate, 'address_below_tier', details)
  }
}

/** The tier's limit that nobody can use up from one address: as long a window, a larger quota. */
function lowerThan(address: Limit, tier: Tier): Limit | undefined {
  return tier.limits.find(({ quota, windowMs, burst }) => {
    return windowMs <= address.windowMs && quota + (burst?.extraQuota ?? 0) > address.quota
  })
}
