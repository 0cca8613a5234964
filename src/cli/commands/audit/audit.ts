/** `lockgate audit …`: the commands that work on the audit log. */
import type { Command } from 'commander'
import { addExport } from './export.ts'
import { addHead } from './head.ts'
import { addList } from './list.ts'
import { addPrune } from './prune.ts'
import { addShow } from './show.ts'
import { addTail } from './tail.ts'
import { addVerify } from './verify.ts'

/** `fail` makes the program end with exit code 1. */
export function addAuditCommands(program: Command, fail: () => void): void {
  const audit = program.command('audit').description('read, export, verify and prune the audit log')
  addList(audit)
  addTail(audit)
  addShow(audit)
  addExport(audit)
  addVerify(audit, fail)
  addHead(audit)
  addPrune(audit)
}
