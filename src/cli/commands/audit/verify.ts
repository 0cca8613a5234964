/** `lockgate audit verify`: whether the log is as it was written; exit code 1 where it is not. */
import { createHash } from 'node:crypto'
import type { Command } from 'commander'
import type { AuditTrust, AuditVerdict } from '../../../engine/gate.ts'
import { parseHeads } from '../../head-file.ts'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'
import { counted, say, sayJson, styled, warn } from '../../output.ts'
import { addTrustOption, readText, readTrustedKeys, type TrustOption } from './trust-option.ts'

interface VerifyOptions extends ConfigOption, TrustOption {
  readonly head?: readonly string[]
  readonly json?: true
}

type Intact = Extract<AuditVerdict, { readonly intact: true }>

export function addVerify(audit: Command, fail: () => void): void {
  const verify = audit
    .command('verify')
    .description('check every row against the hash chain; exit code 1 when it is broken')
    .option('--head <file...>', 'the log must pass through these heads, which "head" exported')
  addTrustOption(verify, 'believe signatures of this key only')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(async (options: VerifyOptions) => {
      const heads = await Promise.all(
        (options.head ?? []).map(async (file) => parseHeads(await readText(file), file)),
      )
      const evidence = { heads: heads.flat(), trustedKeys: await readTrustedKeys(options) }
      const [verdict, keyFile] = await withGate(options, async (gate, settings) => {
        const found = await gate.audit.verify(evidence)
        return [found, settings.audit.signingKeyFile] as const
      })
      if (!verdict.intact) fail()
      if (options.json === true) return sayJson(verdict.intact ? intactJson(verdict) : verdict)
      if (verdict.intact) return sayIntact(verdict, options, keyFile)
      warn(
        `lockgate: the audit log is broken at row ${verdict.seq} of chain ${verdict.chain}: ${verdict.problem}; compare it with a backup or with the lines that serve printed`,
      )
    })
}

async function sayIntact(
  { rows, chains, checkpoints, trust, heads }: Intact,
  options: VerifyOptions,
  keyFile: string,
): Promise<void> {
  await say(`${styled('green', 'intact')}: ${counted(rows, 'row')} in ${counted(chains, 'chain')}`)
  if (checkpoints > 0) await say(`older rows were pruned: ${counted(checkpoints, 'checkpoint')}`)
  if (heads.passed > 0) await say(`it passes through ${counted(heads.passed, 'exported head')}`)
  if (heads.pruned > 0) {
    warn(
      `lockgate: warning: ${counted(heads.pruned, 'exported head')} cannot be compared, because those rows were pruned; the checkpoint's signature stands for them`,
    )
  }
  if (checkpoints + heads.passed + heads.pruned === 0) return
  if (trust.source !== 'nobody')
    return say(`signatures believed: ${trustText(trust, options, keyFile)}`)
  warn(
    'lockgate: warning: no key is known to check signatures with, so a forged checkpoint would not show; name one with --public-key',
  )
}

function trustText({ source, keys }: AuditTrust, options: VerifyOptions, keyFile: string): string {
  const places: Readonly<Record<AuditTrust['source'], string>> = {
    given: (options.publicKey ?? []).join(', '),
    'signing key': keyFile,
    heads: 'the keys in the exported heads',
    nobody: 'none',
  }
  return `${places[source]} (${keys.map(fingerprint).join(', ')})`
}

/** As OpenSSL prints it: `openssl pkey -pubin -outform DER | openssl sha256`, shortened. */
const fingerprint = (publicKey: string): string =>
  createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex').slice(0, 16)

const intactJson = ({ intact, rows, chains, checkpoints, trust, heads }: Intact) => ({
  ...{ intact, rows, chains, checkpoints },
  ...{ trusted_by: trust.source, trusted_keys: trust.keys },
  ...{ heads_passed: heads.passed, heads_pruned: heads.pruned },
})
