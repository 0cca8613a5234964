/** `lockgate audit list`: rows, oldest first. */
import type { Command } from 'commander'
import { auditJson, auditLine } from '../../audit-view.ts'
import { say } from '../../output.ts'
import { addChoiceOptions, type ChoiceOptions, withRows } from './chosen-rows.ts'

export function addList(audit: Command): void {
  addChoiceOptions(audit.command('list').description('print rows, oldest first'))
    .option('--json', 'print one JSON object a line')
    .action(listRows)
}

function listRows(options: ChoiceOptions & { readonly json?: true }): Promise<void> {
  const show = options.json === true ? auditJson : auditLine
  return withRows(options, async (pages) => {
    for await (const page of pages) {
      for (const row of page) await say(show(row))
    }
  })
}
