/**
 * The building blocks of the schema: each takes what is allowed and says so when it is not met.
 * Objects refuse members that they do not know, and name the nearest that they do.
 */
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import type { Limit } from '../core/limits/limit.ts'
import { type LimitInput, parseDurationMs, parseLimit } from '../core/limits/limit-input.ts'
import { DOLLARS_RULE, readDollars } from '../core/spend/dollars.ts'
import { shown, unknownMembers } from './problems.ts'

const MAX_LIMITS = 16

/** An object with exactly these members; every schema of the configuration is made of these. */
export function members<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? unknownMembers(issue.keys, Object.keys(shape))
        : mustBe('an object', issue.input),
  })
}

/** A value that passes `test`; `allowed` completes "must be …". */
export function value<T>(allowed: string, test: (input: unknown) => boolean) {
  return z.custom<T>(test, { error: (issue) => mustBe(allowed, issue.input) })
}

/** Like `value`, for what may hold a secret: the value is not shown. */
export function secretValue(allowed: string, test: (input: unknown) => boolean) {
  return z.custom<string>(test, { error: `must be ${allowed}` })
}

export function oneOf<const T extends string>(names: readonly T[]) {
  return value<T>(`one of ${names.join(', ')}`, (input) => names.some((name) => name === input))
}

export const trueOrFalse = value<boolean>('true or false', (input) => typeof input === 'boolean')

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`
  return value<number>(
    allowed,
    (input) => Number.isSafeInteger(input) && Number(input) >= min && Number(input) <= max,
  )
}

export function text(allowed: string, pattern: RegExp) {
  return value<string>(allowed, (input) => typeof input === 'string' && pattern.test(input))
}

export function listOf<Item extends z.core.SomeType>(item: Item, what: string) {
  return z.array(item, { error: (issue) => mustBe(`a list of ${what}`, issue.input) })
}

/** A duration between `minMs` and `maxMs`, read into whole ms. */
export function duration(minMs: number, maxMs: number) {
  return z.unknown().transform((input, context): number => {
    try {
      const durationMs = parseDurationMs(input as string | number, 'it')
      if (durationMs >= minMs && durationMs <= maxMs) return durationMs
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
    }
    const allowed = `a duration such as "10s" from ${minMs} ms to ${maxMs} ms`
    context.addIssue({ code: 'custom', message: mustBe(allowed, input) })
    return z.NEVER
  })
}

/** An amount of money, read into whole micro-dollars; of a price per million, pico-dollars a token. */
export const dollars = z.unknown().transform((input, context): number => {
  const microUsd = readDollars(input)
  if (microUsd !== undefined) return microUsd
  context.addIssue({ code: 'custom', message: mustBe(DOLLARS_RULE, input) })
  return z.NEVER
})

/** Only the names are checked here; `parseLimit` decides about the values. */
const limitMembers = members({
  name: z.unknown().optional(),
  quota: z.unknown().optional(),
  window: z.unknown().optional(),
  algorithm: z.unknown().optional(),
  burst: members({ extra: z.unknown().optional(), for: z.unknown().optional() }).optional(),
})

/** A limit as it is written, read into a frozen `Limit`. */
const limit = limitMembers.transform((input, context): Limit => {
  try {
    return parseLimit(input as LimitInput)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const [member = '', ...words] = error.message.split(' ')
    context.addIssue({ code: 'custom', path: member.split('.'), message: words.join(' ') })
    return z.NEVER
  }
})

/** Limits that are checked together: their names differ. */
export const limits = listOf(limit, 'limits').superRefine((list, context) => {
  if (list.length > MAX_LIMITS) {
    context.addIssue({ code: 'custom', message: `must hold at most ${MAX_LIMITS} limits` })
  }
  const names = list.map(({ name }) => name)
  for (const [index, name] of names.entries()) {
    const first = names.indexOf(name)
    if (first === index) continue
    const message = `must differ from the name of limit [${first}], not also be ${shown(name)}`
    context.addIssue({ code: 'custom', path: [index, 'name'], message })
  }
})

/** An address or a CIDR block, IPv4 or IPv6. */
export const addressBlock = value<string>(
  'an address or CIDR block such as 10.0.0.0/8 or 2001:db8::/32',
  (input) => typeof input === 'string' && isAddressBlock(input),
)

function isAddressBlock(input: string): boolean {
  const [address = '', bits, ...more] = input.split('/')
  const isIpv4 = ipaddr.IPv4.isValidFourPartDecimal(address)
  const isIpv6 = !address.includes('%') && ipaddr.IPv6.isValid(address)
  if (more.length > 0 || !(isIpv4 || isIpv6)) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIpv4 ? 32 : 128))
}

function mustBe(allowed: string, input: unknown): string {
  if (input === undefined) return `is missing; it must be ${allowed}`
  return `must be ${allowed}, not ${shown(input)}`
}
