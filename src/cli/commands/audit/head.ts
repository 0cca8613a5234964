/** `lockgate audit head`: where each chain ends now, signed, to be kept where the operator cannot write. */
import type { Command } from 'commander'
import { headsText } from '../../head-file.ts'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'
import { counted, warn, write } from '../../output.ts'
import { writePrivateFile } from '../../private-file.ts'

export function addHead(audit: Command): void {
  audit
    .command('head')
    .description(
      'print the newest row of each chain, signed; keep it elsewhere for "verify --head"',
    )
    .option('--out <file>', 'write to this file, for its owner only (default: stdout)')
    .option(...CONFIG_OPTION)
    .action(exportHeads)
}

async function exportHeads({ out, ...options }: ConfigOption & { readonly out?: string }) {
  const heads = await withGate(options, (gate) => gate.audit.signHeads())
  const text = headsText(heads)
  if (out === undefined) return write(text)
  await writePrivateFile(out, (put) => put(text))
  warn(`lockgate: ${out} holds ${counted(heads.length, 'head')}; keep it on another machine`)
}
