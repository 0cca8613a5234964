/**
 * The schema of the configuration: every member, what it may be, nothing else. Strict at each
 * level, so that a misspelt member is refused instead of quietly leaving a default in force.
 */
import { z } from 'zod'
import { isEmailAddress, parseMailbox } from '../core/email-address.ts'
import {
  MAX_BCRYPT_COST,
  MAX_MEMORY_KIB,
  MAX_PARALLELISM,
  MAX_PASSES,
} from '../core/hash-bounds.ts'
import { MAX_WINDOW_MS } from '../core/limits/limit.ts'
import { isScope } from '../core/scopes.ts'
import {
  headerNameProblem,
  isForwardedMethod,
  isHeaderValue,
  isPlainPath,
  readUpstream,
  UPSTREAM_RULE,
} from './http-values.ts'
import {
  addressBlock,
  duration,
  limits,
  listOf,
  members,
  oneOf,
  secretValue,
  text,
  trueOrFalse,
  value,
  whole,
} from './members.ts'
import { routeSpend, spend, tierSpend } from './spend-schema.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const MAX_BODY_BYTES = 2 ** 40

const upstream = z
  .unknown()
  .transform((input, context): string => {
    const url = readUpstream(input)
    if (url !== undefined) return url
    context.addIssue({ code: 'custom', message: `must be ${UPSTREAM_RULE}` })
    return z.NEVER
  })
  .optional()

const keys = members({
  prefix: text(
    'lower-case letters and digits, 1 to 16 of them, starting with a letter and without "_live" (such as "acme")',
    /^[a-z][a-z0-9]{0,15}$/,
  ).optional(),
  hash: oneOf(['argon2id', 'bcrypt']).optional(),
  argon2id: members({
    memoryKiB: whole(8, MAX_MEMORY_KIB).optional(),
    passes: whole(1, MAX_PASSES).optional(),
    parallelism: whole(1, MAX_PARALLELISM).optional(),
  }).optional(),
  bcrypt: members({ cost: whole(4, MAX_BCRYPT_COST).optional() }).optional(),
  hashing: members({
    running: whole(1, 64).optional(),
    queued: whole(0, 10_000).optional(),
  }).optional(),
})

const tier = members({
  limits,
  maxConcurrent: whole(1, 1_000_000).optional(),
  ...tierSpend,
})

const tierName = text(
  'a name of letters, digits, "-" and "_", 1 to 64 of them',
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
)

const address = members({
  limits: limits.optional(),
  failures: members({
    quota: whole(1, Number.MAX_SAFE_INTEGER).optional(),
    window: duration(1, MAX_WINDOW_MS).optional(),
  }).optional(),
  trustedProxies: listOf(addressBlock, 'addresses and CIDR blocks').optional(),
  ipv6PrefixBits: whole(32, 128).optional(),
})

const methods = listOf(
  value<string>('a method in upper case such as GET or POST', isForwardedMethod),
  'methods',
).refine((list) => list.length > 0, { error: 'must name a method, or be left out for all of them' })

const route = members({
  path: value<string>('a path such as /v1/chat, of plain segments, without escapes', isPlainPath),
  methods: methods.optional(),
  scope: value<string>(
    'a scope such as "write" or "chat:write"',
    (input) => typeof input === 'string' && isScope(input),
  ).optional(),
  cost: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  limits: limits.optional(),
  upstream,
  spend: routeSpend.optional(),
})

const headers = z
  .record(z.string(), secretValue('visible ASCII text', isHeaderValue), {
    error: 'must be an object of header names and values',
  })
  .superRefine((record, context) => {
    const seen = new Set<string>()
    for (const name of Object.keys(record)) {
      const again = seen.has(name.toLowerCase()) ? 'is there twice; keep one' : undefined
      const message = headerNameProblem(name) ?? again
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message })
      seen.add(name.toLowerCase())
    }
  })

const gateway = members({
  maxBodyBytes: whole(0, MAX_BODY_BYTES).optional(),
  headersTimeout: duration(1, HOUR_MS).optional(),
  requestTimeout: duration(1, 24 * HOUR_MS).optional(),
  upstreamTimeout: duration(1, 24 * HOUR_MS).optional(),
  upstreamIdleTimeout: duration(1, 24 * HOUR_MS).optional(),
  connectTimeout: duration(1, HOUR_MS).optional(),
  drainDelay: duration(0, HOUR_MS).optional(),
  drainTimeout: duration(0, HOUR_MS).optional(),
})

const redis = members({
  url: secretValue(
    'a text such as "redis://127.0.0.1:6379"',
    (input) => typeof input === 'string' && input.trim() !== '',
  ).optional(),
  form: oneOf(['ring', 'zset']).optional(),
  deadline: duration(10, 10 * SECOND_MS).optional(),
  startDegraded: trueOrFalse.optional(),
  keyPrefix: text(
    '1 to 64 letters, digits, ".", ":", "-" and "_"',
    /^[A-Za-z0-9.:_-]{1,64}$/,
  ).optional(),
})

const mail = members({
  from: value<string>(
    'an address such as "keys@example.com" or "Acme keys <keys@example.com>"',
    (input) =>
      typeof input === 'string' && input.length <= 320 && parseMailbox(input) !== undefined,
  ).optional(),
  operatorCopy: value<string>(
    'one e-mail address',
    (input) => typeof input === 'string' && isEmailAddress(input),
  ).optional(),
  folder: text('a folder such as "./outbox"', /^[^\0\r\n]{1,1024}$/).optional(),
})

const httpUrl = value<string>(
  'an http(s) URL',
  (input) =>
    typeof input === 'string' && /^https?:\/\/[^\s\\]+$/.test(input) && URL.canParse(input),
)

const leaks = members({
  github: z
    .union([z.boolean(), members({ publicKeysUrl: httpUrl.optional() })], {
      error: 'must be true, false, or an object with publicKeysUrl',
    })
    .optional(),
})

const anomaly = members({
  action: oneOf(['off', 'warn', 'suspend']).optional(),
  newNetworks: whole(2, 64).optional(),
  baselineFactor: whole(2, 1000).optional(),
})

const audit = members({
  keepFor: duration(24 * HOUR_MS, 36_500 * 24 * HOUR_MS).optional(),
  keepRows: whole(1000, Number.MAX_SAFE_INTEGER).optional(),
  signingKeyFile: text('a file such as "./lockgate-audit.pem"', /^[^\0\r\n]{1,1024}$/).optional(),
})

const expiryReminders = z.union(
  [z.literal(false), listOf(duration(HOUR_MS, 365 * 24 * HOUR_MS), 'durations')],
  { error: 'must be a list of durations such as ["14d", "3d", "1d"], or false' },
)

export const configSchema = members({
  databaseUrl: secretValue(
    'a text such as "sqlite:./lockgate.db"',
    (input) => typeof input === 'string',
  ).optional(),
  redis: redis.optional(),
  keys: keys.optional(),
  tiers: z.record(tierName, tier, { error: 'must be an object of tiers by name' }).optional(),
  ip: z
    .union([z.literal(false), address], { error: 'must be an object, or false to turn it off' })
    .optional(),
  errors: oneOf(['lockgate', 'openai']).optional(),
  legacyHeaders: trueOrFalse.optional(),
  realm: text(
    '1 to 64 printable ASCII characters without quotes',
    /^[\x20!\x23-\x5b\x5d-\x7e]{1,64}$/,
  ).optional(),
  upstream,
  upstreamHeaders: headers.optional(),
  routes: listOf(route, 'routes').optional(),
  gateway: gateway.optional(),
  outage: oneOf(['local', 'closed', 'open']).optional(),
  publicUrl: secretValue(
    'a URL such as "https://keys.example.com"',
    (input) => typeof input === 'string',
  ).optional(),
  mail: mail.optional(),
  leaks: leaks.optional(),
  anomaly: anomaly.optional(),
  audit: audit.optional(),
  expiryReminders: expiryReminders.optional(),
  spend: spend.optional(),
})

/** The configuration after reading: limits parsed, durations in ms, dollars in micro-dollars, no defaults yet. */
export type ReadConfig = z.output<typeof configSchema>
