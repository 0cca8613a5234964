/** `lockgate leak`: a key is out. Revokes it and mails its owner a link to a new one. */
import type { Command } from 'commander'
import { randomId } from '../../core/crypto.ts'
import type { Gate, LeakOutcome } from '../../engine/gate.ts'
import { CommandError } from '../failure.ts'
import { readLeaked } from '../leak-input.ts'
import { deliver, leakJson, sayLeak } from '../leak-view.ts'
import { CONFIG_OPTION, type ConfigOption, withChangingGate } from '../open.ts'
import { sayJson } from '../output.ts'

interface LeakOptions extends ConfigOption {
  readonly where?: string
  readonly json?: true
}

export function addLeak(program: Command): void {
  program
    .command('leak')
    .description('a key is out: revoke it, and mail its owner a link to a new one')
    .argument(
      '[key]',
      'the key, or its key_id; without it, or with -, the key is read from stdin, so that your shell does not remember it',
    )
    .option('--where <text>', 'where it was found, for the audit log and the mail')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(leak)
}

async function leak(given: string | undefined, options: LeakOptions): Promise<void> {
  const leaked = await readLeaked(given)
  const { where } = options
  await withChangingGate(options, async (gate, settings) => {
    const outcome =
      leaked.kind === 'key'
        ? await reportHeld(gate, leaked.key, where)
        : await gate.leaks.reportId(leaked.keyId, { source: 'operator', where })
    const delivery = await deliver(gate.post, outcome)
    await (options.json === true
      ? sayJson(leakJson(outcome, delivery))
      : sayLeak(outcome, delivery, settings.mail))
  })
}

/** Possession is the proof, here as everywhere. */
async function reportHeld(
  gate: Gate,
  key: string,
  where: string | undefined,
): Promise<LeakOutcome> {
  const from = { address: undefined, requestId: `leak-${randomId(8)}` }
  const outcome = await gate.leaks.reportKey(key, { source: 'holder', where }, from)
  if (!('allowed' in outcome)) return outcome
  if (outcome.code !== 'invalid_key') throw new CommandError(`not reported: ${outcome.code}`)
  throw new CommandError(
    'this is no key of this database, and nothing was changed; to revoke one by its ID: lockgate leak KEY_ID',
  )
}
