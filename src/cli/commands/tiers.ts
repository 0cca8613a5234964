/** `lockgate tiers`: what each tier lets through, and what one key can therefore cost in a day. */
import type { Command } from 'commander'
import { CONFIG_OPTION, type ConfigOption, loadFor } from '../open.ts'
import { say, sayJson, table } from '../output.ts'
import { dollarText, readMicroUsd } from '../price.ts'
import { sharedCaps, TIER_HEAD, tierJson, tierRow } from '../tiers/tier-view.ts'
import { type WorstDay, worstDay } from '../tiers/worst-day.ts'

interface TiersOptions extends ConfigOption {
  readonly price?: string
  readonly json?: true
}

export function addTiers(program: Command): void {
  program
    .command('tiers')
    .description('show each tier, and the most that one key of it can cost per day')
    .option('--price <dollars>', 'what one request costs you; the estimate uses it')
    .option('--json', 'print one JSON array')
    .option(...CONFIG_OPTION)
    .action(showTiers)
}

async function showTiers(options: TiersOptions): Promise<void> {
  const named = options.price === undefined ? undefined : readMicroUsd(options.price, '--price')
  const { settings } = await loadFor(options)
  const tiers = [...settings.tiers.values()].map(
    (tier) => [tier, worstDay(tier, settings, named)] as const,
  )
  if (options.json === true) {
    return sayJson(tiers.map(([tier, worst]) => tierJson(tier, worst, settings.spend)))
  }
  await say(
    table(
      TIER_HEAD,
      tiers.map(([tier, worst]) => tierRow(tier, worst)),
    ),
  )
  const shared = sharedCaps(settings)
  if (shared.length > 0) await say(`\n${shared.join('\n')}`)
  const notes = [...new Set(tiers.map(([{ name }, worst]) => noteOf(name, worst)))]
  await say(`\nPer key, in any 24 hours. ${notes.join(' ')}`)
}

/** Where the price of a call came from. */
function noteOf(tier: string, { callMicroUsd, callPriceFrom }: WorstDay): string {
  const dollars = dollarText(BigInt(callMicroUsd))
  if (callPriceFrom === 'models') {
    return `A call of ${tier} costs at most ${dollars}: its dearest model, the longest output, and as much input as gateway.maxBodyBytes takes.`
  }
  return `Dollars are an estimate at ${dollars} a request; set your own with --price.`
}
