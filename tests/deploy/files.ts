/** The files of docs/guides/deploy, read as the programs that use them would. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { parse, parseAllDocuments } from 'yaml'
import { ROOT } from '../../scripts/steps.ts'
import { healthRoutes } from '../../src/admin/health/health.ts'
import { createProgram } from '../../src/cli/program.ts'
import { parseDurationMs } from '../../src/core/limits/limit-input.ts'
import type { Settings } from '../../src/core/settings.ts'
import { newFolder } from '../cli/command-line.ts'

const PRINT_SETTINGS = fileURLToPath(new URL('./print-settings.ts', import.meta.url))

export const FOLDER = join(ROOT, 'docs/guides/deploy')

export const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')

export const readYaml = <T>(name: string): T => parse(read(name), { merge: true })

/** All documents of a file; throws where one is no YAML. */
export const readDocuments = <T>(name: string): T[] =>
  parseAllDocuments(read(name)).map((document) => {
    const [error] = document.errors
    if (error !== undefined) throw error
    return document.toJS()
  })

/** What is written after the requests in flight have had their time, as src/cli/workers allows it. */
export const FLUSH_MS = 5_000

type Loaded = Pick<Settings, 'databaseUrl' | 'redis' | 'gateway' | 'http'>

/** A configuration as `lockgate` loads it, in a folder of its own and with this environment only. */
export function settingsOf(config: string, env: Readonly<Record<string, string>>): Loaded {
  const { path } = newFolder({ 'lockgate.config.ts': config })
  return JSON.parse(execFileSync(process.execPath, [PRINT_SETTINGS], { cwd: path, env }).toString())
}

/** What of a command line, without the program's name, Lockgate does not know. */
export function unknownArguments(args: readonly string[]): string[] {
  let command: Command = createProgram(() => undefined)
  let rest = [...args]
  for (;;) {
    const next = command.commands.find((candidate) => candidate.name() === rest[0])
    if (next === undefined) break
    command = next
    rest = rest.slice(1)
  }
  const known = command.options.map(({ long }) => long)
  const strangers = rest.filter((word) => word.startsWith('--') && !known.includes(word))
  return command.parent === null ? [`no such command: ${args[0]}`, ...strangers] : strangers
}

/** Durations of compose.yaml and Caddyfile. */
export const milliseconds = (text: string): number => parseDurationMs(text)

/** The paths that need no key on the admin port. */
export const healthPaths = (): string[] =>
  healthRoutes({
    health: () => {
      throw new Error('not asked')
    },
    isDraining: () => false,
    version: '0',
  }).map(({ path }) => path)
