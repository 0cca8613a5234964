/** `lockgate spend reset`: lets a key, an owner, a tier or the account begin at zero. */
import type { Command } from 'commander'
import { CONFIG_OPTION, type ConfigOption, withChangingGate } from '../../open.ts'
import { say, sayJson } from '../../output.ts'
import { scopeText } from '../../spend/cap-view.ts'
import { deskOf } from '../../spend/desk.ts'
import { addScopeOptions, checkScope, readScope, type ScopeOptions } from './scope-options.ts'

interface ResetOptions extends ConfigOption, ScopeOptions {
  readonly json?: true
}

export function addReset(spend: Command): void {
  addScopeOptions(
    spend.command('reset').description('begin at zero; the report still tells what was spent'),
  )
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(reset)
}

async function reset(options: ResetOptions): Promise<void> {
  const scope = readScope(options)
  await withChangingGate(options, async (gate) => {
    const desk = deskOf(gate)
    await checkScope(gate, scope)
    await desk.reset(scope)
  })
  const id = scope.kind === 'account' ? null : scope.id
  if (options.json === true) return sayJson({ scope: scope.kind, id, reset: true })
  await say(`Begins at zero: ${scopeText(scope)}. Calls that run now stay held.`)
}
