/** The nights that are compared: what stands in front of the LLM, and what the scraper comes with. */
import type { LockgateConfig } from '../../config/index.ts'
import type { ScenarioName } from '../nights.ts'

export interface Scenario {
  readonly name: ScenarioName
  readonly title: string
  /** What the scraper holds; null: there is no gate. */
  readonly keys: { readonly count: number; readonly tier: 'free' | 'paid' } | null
  /** Whether dollars are capped, beside the limits of the tiers. */
  readonly isCapped: boolean
  /** `night`: the incident. `flood`: as fast as a paid key may, and a little faster. */
  readonly attack: 'night' | 'flood'
  /** Whether the users' calls are all served: not where the account's cap is reached. */
  readonly servesUsers: boolean
}

/** Sign-ups of one person, each with an address of its own. */
const SIGN_UPS = 48

const LIMITED = { isCapped: false, attack: 'night', servesUsers: true } as const
const CAPPED = { ...LIMITED, isCapped: true } as const

export const SCENARIOS: readonly Scenario[] = [
  { ...LIMITED, name: 'open', title: 'open endpoint', keys: null },
  { ...LIMITED, name: 'no-key', title: 'no key', keys: { count: 0, tier: 'free' } },
  { ...LIMITED, name: 'one-key', title: 'one free key, limits', keys: { count: 1, tier: 'free' } },
  {
    ...{ ...CAPPED, name: 'one-key-capped', title: 'one free key, limits and caps' },
    keys: { count: 1, tier: 'free' },
  },
  {
    ...{ ...LIMITED, name: 'many-keys', title: `${SIGN_UPS} free keys, limits` },
    keys: { count: SIGN_UPS, tier: 'free' },
  },
  {
    ...{ ...CAPPED, name: 'many-keys-capped', title: `${SIGN_UPS} free keys, limits and caps` },
    ...{ keys: { count: SIGN_UPS, tier: 'free' }, servesUsers: false },
  },
  {
    ...{ ...LIMITED, name: 'paid-key', title: 'one paid key, limits' },
    ...{ keys: { count: 1, tier: 'paid' }, attack: 'flood' },
  },
  {
    ...{ ...CAPPED, name: 'paid-key-capped', title: 'one paid key, limits and caps' },
    ...{ keys: { count: 1, tier: 'paid' }, attack: 'flood' },
  },
]

/** Over HTTP six hours shrink to seconds, so that a flood is no other than the night. */
export const HTTP_SCENARIOS = SCENARIOS.filter(({ attack }) => attack === 'night')

/** The incident's own figure: $312 over 47,200 calls. Whole micro-dollars. */
export const CALL_MICRO_USD = 6_600

/** In any 24 hours, of what `CAPS` configures. Whole micro-dollars. */
export const CAPS_MICRO_USD = {
  ...{ free: 1_000_000, paid: 10_000_000, account: 20_000_000 },
} as const

const minute = (quota: number) =>
  ({ name: 'minute', quota, window: '1m', burst: { extra: 0.2, for: '10s' } }) as const

/** The default tiers with a cap for each key, one for everything together, and the price of a call. */
export const CAPS: Pick<LockgateConfig, 'tiers' | 'spend'> = {
  tiers: {
    free: {
      limits: [minute(60), { name: 'day', quota: 1000, window: '1d' }],
      spend: { perDay: '$1' },
    },
    paid: { limits: [minute(600)], spend: { perDay: '$10' } },
  },
  spend: {
    account: { perDay: '$20' },
    // What each call of the fake LLM costs, whatever its tokens are.
    prices: { 'gpt-4o-mini': { input: 0, output: 0, perRequest: 0.0066 } },
    defaultPrice: { perRequest: 0.0066 },
  },
}
