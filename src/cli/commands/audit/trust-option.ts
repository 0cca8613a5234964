/** `--public-key`: whose signatures over the audit log are believed. */
import { promises as files } from 'node:fs'
import type { Command } from 'commander'
import { readPublicKey } from '../../../compose/audit-signer.ts'
import { ConfigError } from '../../../core/errors.ts'
import { CommandError } from '../../failure.ts'

export interface TrustOption {
  readonly publicKey?: readonly string[]
}

export const addTrustOption = (command: Command, description: string): Command =>
  command.option('--public-key <file...>', `${description} (PEM)`)

export function readTrustedKeys({ publicKey = [] }: TrustOption): Promise<string[]> {
  return Promise.all(publicKey.map(async (file) => keyOf(await readText(file), file)))
}

/** Rejects with one line that names the file. */
export async function readText(file: string): Promise<string> {
  try {
    return await files.readFile(file, 'utf8')
  } catch (error) {
    const problem = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new CommandError(`${file} cannot be read (${problem}); check the path and its mode`)
  }
}

function keyOf(pem: string, file: string): string {
  try {
    return readPublicKey(pem, file)
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(error.message)
    throw error
  }
}
