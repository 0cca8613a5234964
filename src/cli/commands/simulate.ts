/** `lockgate simulate LOG`: what limits and caps would have done to the calls of an access log. */
import { type Command, Option } from 'commander'
import type { Settings } from '../../core/settings.ts'
import { priceTable } from '../../core/spend/price-table.ts'
import type { Tier } from '../../core/tier.ts'
import { CommandError, UsageError } from '../failure.ts'
import { CONFIG_OPTION, type ConfigOption, loadFor } from '../open.ts'
import { say, sayJson } from '../output.ts'
import { readMicroUsd } from '../price.ts'
import { FORMATS, type LogFormat, simulateLog } from '../simulate/simulate.ts'
import { simulationJson, simulationText } from '../simulate/simulation-view.ts'
import { Simulator } from '../simulate/simulator.ts'
import { USUAL_CALL_MICRO_USD } from '../tiers/worst-day.ts'

interface SimulateOptions extends ConfigOption {
  readonly format: LogFormat
  readonly keyField?: string
  readonly price?: string
  readonly tier: string
  readonly json?: true
}

export function addSimulate(program: Command): void {
  program
    .command('simulate')
    .description('replay an access log against the configured limits and caps')
    .argument('<log>', 'the file; - is stdin')
    .addOption(new Option('--format <format>', 'of the log').choices(FORMATS).default('auto'))
    .option('--key-field <name>', 'who called: a member of JSON lines; user or address of others')
    .option('--price <dollars>', 'of a call whose model or tokens the log does not tell')
    .option('--tier <name>', 'of callers whose tier the log does not tell', 'free')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(simulate)
}

async function simulate(path: string, options: SimulateOptions): Promise<void> {
  const { format, keyField, price } = options
  if (format === 'combined' && keyField !== undefined && !/^(user|address)$/.test(keyField)) {
    throw new UsageError(`--key-field must be user or address for this format, not "${keyField}"`)
  }
  const named = price === undefined ? undefined : readMicroUsd(price, '--price')
  const { settings } = await loadFor(options)
  const tier = tierOf(settings, options.tier)
  const byDefault = settings.spend?.prices.fallback?.perRequestMicroUsd
  const simulator = new Simulator({
    ...{ settings, tier, prices: settings.spend?.prices ?? priceTable({}, null) },
    callMicroUsd: named ?? (byDefault || USUAL_CALL_MICRO_USD),
  })
  const bad = await simulateLog(simulator, { path, format, keyField })
  if (simulator.total.calls === 0) {
    const why =
      bad.first === undefined ? 'it is empty' : `line ${bad.first.line}: ${bad.first.problem}`
    throw new CommandError(`${path} holds no call: ${why}; see --format and --key-field`)
  }
  if (options.json === true) return sayJson(simulationJson(simulator, bad, tier.name))
  await say(simulationText(simulator, bad, tier.name))
}

function tierOf({ tiers }: Settings, name: string): Tier {
  const tier = tiers.get(name)
  if (tier !== undefined) return tier
  throw new UsageError(`--tier must be one of ${[...tiers.keys()].join(', ')}, not "${name}"`)
}
