/** `lockgate audit verify` in a process of its own, on the database that the gateways are using. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const CLI = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')

export interface Verification {
  readonly exitCode: number | null
  /** Its output, without the line end. */
  readonly said: string
}

export function verifyWithCli(databaseUrl: string): Promise<Verification> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, 'audit', 'verify'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LOCKGATE_DATABASE_URL: databaseUrl },
    })
    const said: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => said.push(chunk))
    }
    child.once('error', reject)
    child.once('close', (exitCode) => {
      resolve({ exitCode, said: Buffer.concat(said).toString('utf8').trim() })
    })
  })
}
