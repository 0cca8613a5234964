/** `lockgate audit verify` in a process of its own, on the database that the gateways are using. */
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../main.ts' : '../main.js', import.meta.url),
)

export interface Verification {
  readonly exitCode: number | null
  /** Its output, without the line end. */
  readonly said: string
}

/** Neither the configuration of the working directory nor the environment has a say. */
export function verifyWithCli(databaseUrl: string): Promise<Verification> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, 'audit', 'verify'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: tmpdir(),
      env: { LOCKGATE_DATABASE_URL: databaseUrl },
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
