/** `npm run check`: what needs no build and no test run. Lint, format, types, import rules. */
import { command, runSteps, type Step } from './steps.ts'

export const CHECKS: readonly Step[] = [
  { name: 'lint and format', run: command('biome', ['check', '--error-on-warnings', '.']) },
  { name: 'types', run: command('tsc', ['-p', 'tsconfig.json']) },
  { name: 'import rules', run: command('node', ['scripts/import-rules.ts']) },
]

if (process.argv[1] === import.meta.filename) process.exitCode = await runSteps(CHECKS)
