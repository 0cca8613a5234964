/**
 * Limits and durations as people write them (`{ name, quota, window: '1m' }`), read into `Limit`.
 *
 * Pure and total: whatever comes in, the result is a frozen `Limit` or a ConfigError that names the
 * member, says what it may be and shows what it was. Shared by the configuration and by adapters
 * that take limits of a route.
 */
import { ConfigError } from '../errors.ts'
import type { Burst, Limit, LimitAlgorithm } from './limit.ts'
import { LIMIT_ALGORITHMS, MAX_WINDOW_MS } from './limit.ts'

/** A limit as it is written. Durations are `'500ms'`, `'10s'`, `'1m'`, `'24h'`, `'1d'`, `'1w'`, or ms. */
export interface LimitInput {
  /** 1 to 64 characters of printable ASCII without quotes. */
  readonly name: string
  /** Units admitted per window: a whole number of at least 1. */
  readonly quota: number
  /** 1 ms to 366 days. */
  readonly window: string | number
  /** Default `sliding-window`. */
  readonly algorithm?: LimitAlgorithm
  /** `extra` is a fraction of the quota (0.2 is 20%), open for `for`; only with `sliding-window`. */
  readonly burst?: BurstInput
}

export interface BurstInput {
  readonly extra: number
  readonly for: string | number
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
])
const LIMIT_MEMBERS = ['name', 'quota', 'window', 'algorithm', 'burst']
const BURST_MEMBERS = ['extra', 'for']
const MAX_NAME_LENGTH = 64

/**
 * A duration in whole ms, 0 included. A number is taken as ms. Throws ConfigError, naming `path`.
 *
 * ```ts
 * parseDurationMs('90d') // 7_776_000_000
 * ```
 */
export function parseDurationMs(input: string | number, path = 'duration'): number {
  const durationMs = typeof input === 'string' ? readDuration(input) : input
  if (typeof durationMs === 'number' && Number.isSafeInteger(durationMs) && durationMs >= 0) {
    return durationMs
  }
  throw new ConfigError(
    `${path} must be a duration such as "500ms", "10s", "1m", "24h", "1d" or "1w", not ${shown(input)}`,
  )
}

function readDuration(text: string): number | undefined {
  const match = /^(\d{1,16})(ms|s|m|h|d|w)$/.exec(text)
  if (match === null) return undefined
  const [, amount = '', unit = ''] = match
  const unitMs = UNIT_MS.get(unit)
  return unitMs === undefined ? undefined : Number(amount) * unitMs
}

/**
 * One limit. Throws ConfigError, naming the member below `path`.
 *
 * ```ts
 * parseLimit({ name: 'minute', quota: 60, window: '1m', burst: { extra: 0.2, for: '10s' } })
 * // { name: 'minute', quota: 60, windowMs: 60_000, algorithm: 'sliding-window',
 * //   burst: { extraQuota: 12, durationMs: 10_000 } }
 * ```
 */
export function parseLimit(input: LimitInput, path = ''): Limit {
  checkMembers(input, LIMIT_MEMBERS, path === '' ? 'limit' : path)
  const at = (member: string) => (path === '' ? member : `${path}.${member}`)
  const name = readName(input.name, at('name'))
  const quota = readQuota(input.quota, at('quota'))
  const windowMs = readSpan(input.window, at('window'), MAX_WINDOW_MS, '366 days')
  const algorithm = readAlgorithm(input.algorithm, at('algorithm'))
  if (input.burst === undefined) return Object.freeze({ name, quota, windowMs, algorithm })
  if (algorithm !== 'sliding-window') {
    throw new ConfigError(`${at('burst')} needs the algorithm "sliding-window", not "${algorithm}"`)
  }
  const burst = readBurst(input.burst, at('burst'), quota, windowMs)
  return Object.freeze({ name, quota, windowMs, algorithm, burst })
}

/** A list of limits with different names, frozen. Throws ConfigError, naming the member. */
export function parseLimits(inputs: readonly LimitInput[], path = 'limits'): readonly Limit[] {
  if (!Array.isArray(inputs)) throw new ConfigError(`${path} must be a list of limits`)
  const limits = inputs.map((input: LimitInput, index) => parseLimit(input, `${path}[${index}]`))
  const names = new Set<string>()
  for (const [index, { name }] of limits.entries()) {
    if (names.has(name)) {
      throw new ConfigError(`${path}[${index}].name "${name}" is taken by a limit before it`)
    }
    names.add(name)
  }
  return Object.freeze(limits)
}

function readName(name: unknown, path: string): string {
  const fits = typeof name === 'string' && name.length >= 1 && name.length <= MAX_NAME_LENGTH
  if (fits && /^[\x20-\x7e]*$/.test(name) && !name.includes('"')) return name
  throw new ConfigError(
    `${path} must be 1 to ${MAX_NAME_LENGTH} characters of printable ASCII without quotes, not ${shown(name)}`,
  )
}

function readQuota(quota: unknown, path: string): number {
  if (typeof quota === 'number' && Number.isSafeInteger(quota) && quota >= 1) return quota
  throw new ConfigError(`${path} must be a whole number of at least 1, not ${shown(quota)}`)
}

function readSpan(input: string | number, path: string, maxMs: number, maxText: string): number {
  const spanMs = parseDurationMs(input, path)
  if (spanMs >= 1 && spanMs <= maxMs) return spanMs
  throw new ConfigError(`${path} must be between 1 ms and ${maxText}, not ${shown(input)}`)
}

function readAlgorithm(input: unknown, path: string): LimitAlgorithm {
  if (input === undefined) return 'sliding-window'
  const algorithm = LIMIT_ALGORITHMS.find((known) => known === input)
  if (algorithm !== undefined) return algorithm
  throw new ConfigError(
    `${path} must be one of ${LIMIT_ALGORITHMS.join(', ')}, not ${shown(input)}`,
  )
}

function readBurst(input: BurstInput, path: string, quota: number, windowMs: number): Burst {
  checkMembers(input, BURST_MEMBERS, path)
  const { extra } = input
  const exact = typeof extra === 'number' ? quota * extra : Number.NaN
  // 100 x 0.29 is 28.999999999999996 in binary; the quota that was meant is 29.
  const extraQuota = Math.floor(exact * (1 + 2 * Number.EPSILON))
  if (!Number.isSafeInteger(quota + extraQuota) || extraQuota < 0) {
    throw new ConfigError(`${path}.extra must be a fraction such as 0.2, not ${shown(extra)}`)
  }
  const durationMs = readSpan(input.for, `${path}.for`, windowMs, 'the window')
  return Object.freeze({ extraQuota, durationMs })
}

function checkMembers(input: unknown, known: readonly string[], path: string): void {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ConfigError(`${path} must be an object with ${known.join(', ')}, not ${shown(input)}`)
  }
  const stranger = Object.keys(input).find((member) => !known.includes(member))
  if (stranger === undefined) return
  throw new ConfigError(`${path} has no member "${stranger}"; it knows ${known.join(', ')}`)
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
