/** Which cap a capped night runs into, and how much of it was spent. */
import { CAPS_MICRO_USD } from './scenarios.ts'
import type { ScenarioResult } from './tally.ts'

export interface CapUse {
  readonly cap: 'spend_day' | 'account_spend_day'
  readonly spentMicroUsd: number
  readonly capMicroUsd: number
}

/** The caps of the scraper's keys together, or that of the account where it is smaller. null: no caps. */
export function capUse({ scenario, scraper, users }: ScenarioResult): CapUse | null {
  if (!scenario.isCapped || scenario.keys === null) return null
  const { count, tier } = scenario.keys
  const ofKeysMicroUsd = count * CAPS_MICRO_USD[tier]
  if (ofKeysMicroUsd < CAPS_MICRO_USD.account) {
    return {
      ...{ cap: 'spend_day', capMicroUsd: ofKeysMicroUsd },
      spentMicroUsd: scraper.costMicroUsd,
    }
  }
  return {
    ...{ cap: 'account_spend_day', capMicroUsd: CAPS_MICRO_USD.account },
    spentMicroUsd: scraper.costMicroUsd + users.costMicroUsd,
  }
}
