/** `lockgate spend cap`: caps of a key, an owner, a tier or the account, while servers run. */
import type { Command } from 'commander'
import type { SetCaps, SpendScope } from '../../../core/spend/caps.ts'
import { isModelPattern } from '../../../core/spend/model-name.ts'
import { readCount } from '../../arguments.ts'
import { UsageError } from '../../failure.ts'
import { CONFIG_OPTION, type ConfigOption, withChangingGate } from '../../open.ts'
import { list, say, sayJson } from '../../output.ts'
import { exactDollars, readMicroUsd } from '../../price.ts'
import { scopeText } from '../../spend/cap-view.ts'
import { deskOf } from '../../spend/desk.ts'
import { addScopeOptions, checkScope, readScope, type ScopeOptions } from './scope-options.ts'

interface CapOptions extends ConfigOption, ScopeOptions {
  readonly perDay?: string
  readonly perMonth?: string
  readonly models?: string
  readonly maxOutputTokens?: string
  readonly asConfigured?: true
  readonly json?: true
}

type NewCaps = Omit<SetCaps, 'scope'>

export function addCap(spend: Command): void {
  addScopeOptions(
    spend
      .command('cap')
      .description(
        'set caps in place of the configured ones; servers follow within about a second',
      ),
  )
    .option('--per-day <dollars>', 'in any 24 hours')
    .option('--per-month <dollars>', 'in a calendar month, UTC')
    .option('--models <list>', 'of a key or a tier: models that may be asked for, with commas')
    .option('--max-output-tokens <number>', 'of a key or a tier: output tokens of one call')
    .option('--as-configured', 'nothing of this any more')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(setCaps)
}

async function setCaps(options: CapOptions): Promise<void> {
  const scope = readScope(options)
  const caps = readCaps(options, scope)
  await withChangingGate(options, async (gate) => {
    const desk = deskOf(gate)
    await checkScope(gate, scope)
    await desk.setCaps(scope, caps)
  })
  if (options.json === true) return sayJson(capsJson(scope, caps))
  await say(
    caps === null
      ? `As configured again: ${scopeText(scope)}.`
      : `Capped: ${scopeText(scope)}. What is not named here is as configured.\n${capsText(caps)}`,
  )
}

/** null: as configured. */
function readCaps(options: CapOptions, { kind }: SpendScope): NewCaps | null {
  const { perDay, perMonth, models, maxOutputTokens, asConfigured } = options
  const isNamed = [perDay, perMonth, models, maxOutputTokens].some((text) => text !== undefined)
  if (asConfigured === true && !isNamed) return null
  if (asConfigured === true || !isNamed) {
    throw new UsageError(
      'say --per-day, --per-month, --models or --max-output-tokens, or --as-configured alone',
    )
  }
  const isOfCalls = models !== undefined || maxOutputTokens !== undefined
  if (isOfCalls && (kind === 'owner' || kind === 'account')) {
    throw new UsageError('--models and --max-output-tokens are of a key or a tier')
  }
  return {
    perDayMicroUsd: perDay === undefined ? null : readMicroUsd(perDay, '--per-day'),
    perMonthMicroUsd: perMonth === undefined ? null : readMicroUsd(perMonth, '--per-month'),
    models: models === undefined ? null : readModels(models),
    maxOutputTokens:
      maxOutputTokens === undefined ? null : readCount(maxOutputTokens, '--max-output-tokens'),
  }
}

function readModels(text: string): string[] {
  const models = text.split(',').map((model) => model.trim())
  if (models.every(isModelPattern)) return models
  throw new UsageError(
    '--models must be names separated by commas, such as gpt-4o-mini,claude-*; "*" stands only at the end of one',
  )
}

function capsText({ perDayMicroUsd, perMonthMicroUsd, models, maxOutputTokens }: NewCaps): string {
  const dollars = (microUsd: number | null): string =>
    microUsd === null ? 'as configured' : exactDollars(microUsd)
  return list([
    ['per day', dollars(perDayMicroUsd)],
    ['per month', dollars(perMonthMicroUsd)],
    ['models', models?.join(', ') ?? 'as configured'],
    ['output tokens', maxOutputTokens?.toLocaleString('en-US') ?? 'as configured'],
  ])
}

const capsJson = ({ kind, id }: SpendScope, caps: NewCaps | null): object => ({
  scope: kind,
  id: kind === 'account' ? null : id,
  per_day_micro_usd: caps?.perDayMicroUsd ?? null,
  per_month_micro_usd: caps?.perMonthMicroUsd ?? null,
  models: caps?.models ?? null,
  max_output_tokens: caps?.maxOutputTokens ?? null,
})
