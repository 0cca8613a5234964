/** What must be true of a replay, whatever the seed; each broken one is a sentence. */
import { counted } from '../output.ts'
import { SCENARIOS, type ScenarioResult } from './tally.ts'
import { SCRAPER_CALLS } from './trace.ts'

/** The free tier: 60 a minute with 20% more in a burst, 1,000 in any 24 h. */
const MOST_IN_A_MINUTE = 72
const MOST_IN_A_DAY = 1_000

export function brokenPromises(results: readonly ScenarioResult[]): readonly string[] {
  const broken = results.flatMap((result) => {
    return [...scraperPromises(result), ...userPromises(result), ...auditPromises(result)]
  })
  const complete = SCENARIOS.every((name) => results.some(({ scenario }) => scenario === name))
  return complete ? broken : [...broken, 'not every scenario was run']
}

function scraperPromises({ scenario, scraper }: ScenarioResult): string[] {
  const { reached, sent, worstDay, worstMinute } = scraper
  const broken: string[] = []
  const demand = (holds: boolean, text: string): void => {
    if (!holds) broken.push(`${scenario}: ${text}`)
  }
  demand(sent === SCRAPER_CALLS, `the scraper sent ${calls(sent)}, not ${SCRAPER_CALLS}`)
  if (scenario === 'open') demand(reached === SCRAPER_CALLS, `${calls(sent - reached)} got lost`)
  if (scenario === 'no-key') demand(reached === 0, `${calls(reached)} got in without a key`)
  if (scenario === 'one-key') {
    demand(reached > 0, 'the key of the scraper was of no use at all')
    demand(worstMinute <= MOST_IN_A_MINUTE, `${calls(worstMinute)} got in within 60 s`)
    demand(worstDay <= MOST_IN_A_DAY, `${calls(worstDay)} got in within 24 h`)
  }
  return broken
}

const calls = (count: number): string => counted(count, 'call')

function userPromises({ scenario, users }: ScenarioResult): string[] {
  const unserved = users.sent - users.reached
  return unserved === 0 ? [] : [`${scenario}: refused ${calls(unserved)} of users`]
}

function auditPromises({ scenario, scraper, users, audit }: ScenarioResult): string[] {
  if (audit === null) return []
  const broken: string[] = []
  const refused = (scraper.statuses.get(429) ?? 0) + (users.statuses.get(429) ?? 0)
  if (audit.limitExceeded !== refused) {
    broken.push(
      `${scenario}: the audit counts ${audit.limitExceeded} of ${counted(refused, '429')}`,
    )
  }
  if (!audit.intact) broken.push(`${scenario}: the audit's chain is broken`)
  return broken
}
