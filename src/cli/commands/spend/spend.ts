/** `lockgate spend …`: what was spent, and the caps of it. */
import type { Command } from 'commander'
import { addCap } from './cap.ts'
import { addCaps } from './caps.ts'
import { addReport } from './report.ts'
import { addReset } from './reset.ts'

export function addSpendCommands(program: Command): void {
  const spend = program.command('spend').description('what was spent, and the caps of it')
  spend.enablePositionalOptions()
  addReport(spend)
  addCap(spend)
  addCaps(spend)
  addReset(spend)
}
