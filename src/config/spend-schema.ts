/** The schema of everything about money: caps, prices, alerts, and what a route costs. */
import { z } from 'zod'
import { isEmailAddress } from '../core/email-address.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import { isModelPattern, MODEL_PATTERN_RULE } from '../core/spend/model-name.ts'
import { dollars, listOf, members, oneOf, secretValue, text, value, whole } from './members.ts'

const MAX_OUTPUT_TOKENS = 100_000_000
const MAX_MODELS = 1000
const WEBHOOK_KEY_BYTES = [24, 64] as const

const caps = { perDay: dollars.optional(), perMonth: dollars.optional() }
const tokens = whole(0, Number.MAX_SAFE_INTEGER)

const model = value<string>(
  MODEL_PATTERN_RULE,
  (input) => typeof input === 'string' && isModelPattern(input),
)

/** What a tier may say beside its limits. */
export const tierSpend = {
  spend: members({ ...caps, together: members(caps).optional() }).optional(),
  tokens: members({ perMinute: tokens.optional(), perDay: tokens.optional() }).optional(),
  maxOutputTokens: whole(1, MAX_OUTPUT_TOKENS).optional(),
  models: listOf(model, 'models')
    .refine((list) => list.length > 0, { error: 'must name a model, or be left out for any' })
    .refine((list) => list.length <= MAX_MODELS, {
      error: `must name at most ${MAX_MODELS} models`,
    })
    .optional(),
}

const pricedModel = text(
  'the name of a model, such as "gpt-4o-mini", without "*"',
  /^[\x21-\x29\x2b-\x7e]{1,256}$/,
)

const price = members({
  input: dollars,
  cachedInput: dollars.optional(),
  cacheWrite: dollars.optional(),
  output: dollars,
  perRequest: dollars.optional(),
})

const defaultPrice = members({
  input: dollars.optional(),
  output: dollars.optional(),
  perRequest: dollars.optional(),
}).superRefine(({ input, output, perRequest }, context) => {
  const missing = input === undefined ? 'input' : 'output'
  if ((input === undefined) !== (output === undefined)) {
    const message = 'is missing: input and output have a price together, or one would be free'
    context.addIssue({ code: 'custom', path: [missing], message })
  } else if (input === undefined && perRequest === undefined) {
    const message = 'must name perRequest, or input and output'
    context.addIssue({ code: 'custom', message })
  }
})

const webhook = members({
  url: secretValue(
    'an https:// URL without user, password or fragment; http:// only of this machine',
    isWebhookUrl,
  ),
  secret: secretValue(
    '"whsec_" and 24 to 64 random bytes in base64, such as the output of: echo whsec_$(openssl rand -base64 32)',
    isWebhookSecret,
  ),
})

function isWebhookUrl(input: unknown): boolean {
  if (typeof input !== 'string' || !/^https?:\/\/[^\s\\#@]+$/i.test(input)) return false
  if (!URL.canParse(input)) return false
  const { protocol, hostname } = new URL(input)
  return protocol === 'https:' || isLoopbackHost(hostname)
}

function isWebhookSecret(input: unknown): boolean {
  if (typeof input !== 'string' || !/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(input)) return false
  const bytes = Buffer.from(input.slice('whsec_'.length), 'base64').length
  const [least, most] = WEBHOOK_KEY_BYTES
  return bytes >= least && bytes <= most
}

const alerts = members({
  at: listOf(whole(1, 100), 'percents from 1 to 100').optional(),
  mailTo: value<string>(
    'one e-mail address',
    (input) => typeof input === 'string' && isEmailAddress(input),
  ).optional(),
  webhook: webhook.optional(),
})

export const spend = members({
  prices: z
    .record(pricedModel, price, { error: 'must be an object of prices by model' })
    .optional(),
  defaultPrice: defaultPrice.optional(),
  account: members(caps).optional(),
  owner: members(caps).optional(),
  maxOutputTokens: whole(1, MAX_OUTPUT_TOKENS).optional(),
  alerts: alerts.optional(),
})

export const routeSpend = members({
  perRequest: dollars.optional(),
  header: text('the name of a header, such as "x-cost"', /^[\w!#$%&'*+.^`|~-]{1,256}$/).optional(),
  jsonPath: text(
    'members from the root of the answer, such as "usage.cost"',
    /^[^.\s]{1,64}(\.[^.\s]{1,64}){0,15}$/,
  ).optional(),
  unit: oneOf(['usd', 'micro_usd']).optional(),
}).superRefine(({ perRequest, header, jsonPath, unit }, context) => {
  const isSaid = header !== undefined || jsonPath !== undefined
  if (header !== undefined && jsonPath !== undefined) {
    const message = 'must not stand beside header: one of them says what a call costs'
    context.addIssue({ code: 'custom', path: ['jsonPath'], message })
  } else if (!isSaid && unit !== undefined) {
    const message = 'must stand beside header or jsonPath, whose number it is about'
    context.addIssue({ code: 'custom', path: ['unit'], message })
  } else if (!isSaid && perRequest === undefined) {
    context.addIssue({ code: 'custom', message: 'must name perRequest, header or jsonPath' })
  }
})
