/** What must be true of a replay, whatever the seed; each broken one is a sentence. */
import { counted } from '../output.ts'
import { exactDollars } from '../price.ts'
import { capUse } from './cap-use.ts'
import { CALL_MICRO_USD, type Scenario } from './scenarios.ts'
import type { ScenarioResult } from './tally.ts'
import { FLOOD_CALLS, SCRAPER_CALLS } from './trace.ts'

/** The free tier: 60 a minute with 20% more in a burst, 1,000 in any 24 h. The paid tier: 600. */
const MOST_IN_A_MINUTE = { free: 72, paid: 720 } as const
const MOST_IN_A_DAY = 1_000

export function brokenPromises(
  results: readonly ScenarioResult[],
  scenarios: readonly Scenario[],
): readonly string[] {
  const broken = results.flatMap((result) => {
    const problems = [
      ...scraperPromises(result),
      ...userPromises(result),
      ...capPromises(result),
      ...auditPromises(result),
    ]
    return problems.map((problem) => `${result.scenario.name}: ${problem}`)
  })
  const complete = scenarios.every((wanted) => results.some(({ scenario }) => scenario === wanted))
  return complete ? broken : [...broken, 'not every scenario was run']
}

function scraperPromises({ scenario, scraper }: ScenarioResult): string[] {
  const { keys, attack } = scenario
  const { reached, sent, worstDay, worstMinute } = scraper
  const broken: string[] = []
  const demand = (holds: boolean, text: string): void => {
    if (!holds) broken.push(text)
  }
  const calls = attack === 'flood' ? FLOOD_CALLS : SCRAPER_CALLS
  demand(sent === calls, `the scraper sent ${callsText(sent)}, not ${calls}`)
  if (keys === null) demand(reached === calls, `${callsText(sent - reached)} got lost`)
  if (keys?.count === 0) demand(reached === 0, `${callsText(reached)} got in without a key`)
  if (keys !== null && keys.count > 0) {
    demand(reached > 0, 'the scraper had nothing of its keys at all')
    const mostInMinute = keys.count * MOST_IN_A_MINUTE[keys.tier]
    demand(worstMinute <= mostInMinute, `${callsText(worstMinute)} got in within 60 s`)
    const mostInDay = keys.tier === 'paid' ? Number.POSITIVE_INFINITY : keys.count * MOST_IN_A_DAY
    demand(worstDay <= mostInDay, `${callsText(worstDay)} got in within 24 h`)
  }
  return broken
}

const callsText = (count: number): string => counted(count, 'call')

function userPromises({ scenario, users }: ScenarioResult): string[] {
  const unserved = users.sent - users.reached
  return unserved === 0 || !scenario.servesUsers ? [] : [`refused ${callsText(unserved)} of users`]
}

/** A cap holds to the micro-dollar, and is used up before it refuses; the ledger has what was paid. */
function capPromises(result: ScenarioResult): string[] {
  const use = capUse(result)
  if (use === null) return []
  const { spentMicroUsd, capMicroUsd } = use
  const paid = result.scraper.costMicroUsd + result.users.costMicroUsd
  const refused = result.audit?.spendExceeded ?? 0
  const [spent, cap] = [exactDollars(spentMicroUsd), exactDollars(capMicroUsd)]
  return [
    ...(spentMicroUsd > capMicroUsd ? [`${spent} were spent of ${cap}`] : []),
    ...(refused > 0 && capMicroUsd - spentMicroUsd >= CALL_MICRO_USD
      ? [`${spent} of ${cap} were spent, and a call that fits was refused`]
      : []),
    ...(result.ledgerMicroUsd === paid
      ? []
      : [`the ledger has ${exactDollars(result.ledgerMicroUsd ?? 0)} of ${exactDollars(paid)}`]),
  ]
}

function auditPromises({ scraper, users, audit }: ScenarioResult): string[] {
  if (audit === null) return []
  const broken: string[] = []
  const refused = (scraper.statuses.get(429) ?? 0) + (users.statuses.get(429) ?? 0)
  const told = audit.limitExceeded + audit.spendExceeded
  if (told !== refused) broken.push(`the audit counts ${told} of ${counted(refused, '429')}`)
  if (!audit.intact) broken.push("the audit's chain is broken")
  return broken
}
