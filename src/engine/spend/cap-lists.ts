/**
 * Lists of caps, made once for what they say: counters cache by identity what they work out for one,
 * and many keys have the same.
 */
import type {
  DollarCaps,
  SetCaps,
  SpendCap,
  SpendScope,
  SpendUnit,
  SpendWindow,
  TokenCaps,
} from '../../core/spend/caps.ts'
import { BoundedMap } from '../bounded-map.ts'

/** Far more than there are tiers; an operator may set one for each of many keys. */
const MAX_LISTS = 10_000

const PREFIXES: Readonly<Record<SpendScope['kind'], string>> = {
  key: '',
  owner: 'owner_',
  tier: 'tier_',
  account: 'account_',
}

export class CapLists {
  readonly #lists = new BoundedMap<string, readonly SpendCap[]>(MAX_LISTS)

  /** What was set goes before what is configured. Frozen; empty where there is no cap. */
  of(
    kind: SpendScope['kind'],
    dollars: DollarCaps | undefined,
    tokens: TokenCaps | undefined,
    set: SetCaps | undefined,
  ): readonly SpendCap[] {
    const perDay = set?.perDayMicroUsd ?? dollars?.perDayMicroUsd
    const perMonth = set?.perMonthMicroUsd ?? dollars?.perMonthMicroUsd
    const name = `${kind} ${perDay} ${perMonth} ${tokens?.perMinute} ${tokens?.perDay}`
    const known = this.#lists.get(name)
    if (known !== undefined) return known
    const prefix = PREFIXES[kind]
    const list = Object.freeze([
      ...capOf(`${prefix}spend_day`, 'micro_usd', 'day', perDay),
      ...capOf(`${prefix}spend_month`, 'micro_usd', 'month', perMonth),
      ...capOf(`${prefix}tokens_minute`, 'tokens', 'minute', tokens?.perMinute),
      ...capOf(`${prefix}tokens_day`, 'tokens', 'day', tokens?.perDay),
    ])
    this.#lists.set(name, list)
    return list
  }
}

function capOf(
  name: string,
  unit: SpendUnit,
  window: SpendWindow,
  quota: number | undefined,
): SpendCap[] {
  return quota === undefined ? [] : [Object.freeze({ name, unit, window, quota })]
}
