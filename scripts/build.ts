/**
 * `npm run build`: `dist` from `src`, by `tsc` alone. The command-line program must keep its first
 * line and its executable bit, or `npx lockgate` starts a shell instead of Node.
 */
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { command, ROOT, runSteps, type Step } from './steps.ts'

const SHEBANG = '#!/usr/bin/env node\n'

async function build(): Promise<number> {
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
  const code = await command('tsc', ['-p', 'tsconfig.build.json'])()
  return code === 0 ? finishProgram(join(ROOT, 'dist', 'cli', 'main.js')) : code
}

function finishProgram(file: string): number {
  if (!existsSync(file)) {
    console.error(`${file} is missing: package.json names it as the program`)
    return 1
  }
  if (!readFileSync(file, 'utf8').startsWith(SHEBANG)) {
    console.error(`${file} must begin with ${SHEBANG.trim()}`)
    return 1
  }
  chmodSync(file, 0o755)
  return 0
}

export const BUILD: Step = { name: 'build', run: build }

if (process.argv[1] === import.meta.filename) process.exitCode = await runSteps([BUILD])
