/** `npm run replay` is `lockgate replay` from the sources; what follows `--` is passed on. */
import { quietWarnings } from '../../src/cli/quiet-warnings.ts'

const USAGE = 'Usage: npm run replay -- [--http] [--json] [--seed NUMBER] [--only NIGHTS…]'
const WRONG_USAGE = 2

quietWarnings()
const { runProgram } = await import('../../src/cli/run-program.ts')
process.exitCode = await runProgram(['replay', ...process.argv.slice(2)])
if (process.exitCode === WRONG_USAGE) console.error(USAGE)
