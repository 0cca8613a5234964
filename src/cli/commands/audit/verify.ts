/** `lockgate audit verify`: whether the log is as it was written; exit code 1 where it is not. */
import type { Command } from 'commander'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'
import { counted, say, sayJson, styled, warn } from '../../output.ts'

export function addVerify(audit: Command, fail: () => void): void {
  audit
    .command('verify')
    .description('check every row against the hash chain; exit code 1 when it is broken')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(async (options: ConfigOption & { readonly json?: true }) => {
      const verdict = await withGate(options, (gate) => gate.audit.verify())
      if (!verdict.intact) fail()
      if (options.json === true) return sayJson(verdict)
      if (verdict.intact) {
        const size = `${counted(verdict.rows, 'row')} in ${counted(verdict.chains, 'chain')}`
        return say(`${styled('green', 'intact')}: ${size}`)
      }
      warn(
        `lockgate: the audit log is broken at row ${verdict.seq} of chain ${verdict.chain}: ${verdict.problem}; compare it with a backup or with the lines that serve printed`,
      )
    })
}
