/**
 * `npm test`: everything a change must pass, cheapest first, stopping at the first failure. The
 * last step runs all tests, those of the packed tarball and of the documentation among them.
 */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BUILD } from './build.ts'
import { CHECKS } from './check.ts'
import { pack } from './pack.ts'
import { CACHE, command, runSteps, type Step } from './steps.ts'

const REPORT = join(CACHE, 'tests.json')
let tarball = ''

const PACKAGE_CHECKS: readonly Step[] = [
  {
    name: 'pack',
    run: async () => {
      tarball = pack()
      return 0
    },
  },
  { name: 'publint', run: () => command('publint', [tarball, '--strict'])() },
  {
    name: 'published types',
    run: () => command('attw', [tarball, '--profile', 'esm-only', '--format', 'table-flipped'])(),
  },
  { name: 'unused files, exports and packages', run: command('knip', []) },
]

const TESTS: Step = {
  name: 'tests',
  run: async () => {
    rmSync(REPORT, { force: true })
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`]
    // Hundreds of tests start the program: what was compiled once need not be again.
    const env = { LOCKGATE_TARBALL: tarball, NODE_COMPILE_CACHE: join(CACHE, 'compiled') }
    const code = await command('vitest', ['run', ...reporters], env)()
    printCounts(code)
    return code
  },
}

/** One line for machines; a run that failed outside any test counts as one failure. */
function printCounts(code: number): void {
  const report: { numPassedTests: number; numFailedTests: number } = JSON.parse(
    readFileSync(REPORT, 'utf8'),
  )
  const failed = code === 0 ? report.numFailedTests : Math.max(1, report.numFailedTests)
  console.log(`${report.numPassedTests} passed, ${failed} failed`)
}

process.exitCode = await runSteps([...CHECKS, BUILD, ...PACKAGE_CHECKS, TESTS])
