/**
 * The RateLimit and RateLimit-Policy response headers of draft-ietf-httpapi-ratelimit-headers-11:
 * RFC 9651 lists of quoted names, `q` the quota and `w` the window, `r` what remains and `t` the
 * time until more, both times in whole seconds rounded up. The draft still moves; this file is the
 * only one that knows its syntax.
 *
 * The policy of a set of limits never changes, so its text is kept and compared by content, in a
 * short list that is overwritten in turn.
 */
import type { LimitStatus } from '../core/limits/limit.ts'
import type { HttpSettings } from '../core/settings.ts'

export type Header = readonly [name: string, value: string]

/** The headers for these limits; none for no limits. */
export type WriteRateLimitHeaders = (limits: readonly LimitStatus[]) => readonly Header[]

interface Policy {
  readonly limits: readonly LimitStatus[]
  readonly header: Header
  /** `"minute";r=` for each limit. */
  readonly labels: readonly string[]
}

const NO_HEADERS: readonly Header[] = Object.freeze([])
const MAX_POLICIES = 32
/** The largest integer that RFC 9651 allows. */
const MAX_INTEGER = 999_999_999_999_999

export function createRateLimitHeaders(
  settings: Pick<HttpSettings, 'legacyHeaders'>,
): WriteRateLimitHeaders {
  const { legacyHeaders } = settings
  const policies: Policy[] = []
  let written = 0

  function policyOf(limits: readonly LimitStatus[]): Policy {
    for (const policy of policies) {
      if (samePolicy(policy.limits, limits)) return policy
    }
    const policy = writePolicy(limits)
    policies[written % MAX_POLICIES] = policy
    written++
    return policy
  }

  return function writeRateLimitHeaders(limits) {
    if (limits.length === 0) return NO_HEADERS
    const { header, labels } = policyOf(limits)
    const state: Header = ['RateLimit', writeState(limits, labels)]
    return legacyHeaders ? [header, state, ...writeLegacy(limits)] : [header, state]
  }
}

function samePolicy(known: readonly LimitStatus[], limits: readonly LimitStatus[]): boolean {
  if (known.length !== limits.length) return false
  for (let index = 0; index < limits.length; index++) {
    const a = known[index]
    const b = limits[index]
    if (a?.quota !== b?.quota || a?.windowMs !== b?.windowMs || a?.name !== b?.name) return false
  }
  return true
}

function writePolicy(limits: readonly LimitStatus[]): Policy {
  const names = limits.map(({ name }) => quoteText(name))
  const members = limits.map(({ quota, windowMs }, index) => {
    return `${names[index]};q=${Math.min(quota, MAX_INTEGER)};w=${wholeSeconds(windowMs)}`
  })
  return Object.freeze({
    limits: limits.map((limit) => Object.freeze({ ...limit })),
    header: Object.freeze(['RateLimit-Policy', members.join(', ')] as const),
    labels: names.map((name) => `${name};r=`),
  })
}

function writeState(limits: readonly LimitStatus[], labels: readonly string[]): string {
  let text = ''
  for (let index = 0; index < limits.length; index++) {
    const limit = limits[index]
    if (limit === undefined) continue
    if (index > 0) text += ', '
    text += `${labels[index]}${Math.min(limit.remaining, MAX_INTEGER)};t=${wholeSeconds(limit.resetMs)}`
  }
  return text
}

/** The older convention knows one limit: the one with the least left, here with its delay in seconds. */
function writeLegacy(limits: readonly LimitStatus[]): Header[] {
  const tightest = limits.reduce((a, b) => (b.remaining < a.remaining ? b : a))
  return [
    ['X-RateLimit-Limit', String(tightest.quota)],
    ['X-RateLimit-Remaining', String(tightest.remaining)],
    ['X-RateLimit-Reset', String(wholeSeconds(tightest.resetMs))],
  ]
}

const wholeSeconds = (ms: number): number => Math.ceil(ms / 1000)

/** A quoted string of RFC 9651 and RFC 9110: what it cannot hold becomes `?`. */
export function quoteText(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`
}
