/**
 * `npm run soak [-- FILTER…]`: the long tests (`*.soak.ts`), and every property with 100,000 runs
 * instead of the few that `npm test` has time for.
 */
import { command, runSteps } from './steps.ts'

const RUNS = process.env['LOCKGATE_PROPERTY_RUNS'] ?? '100000'

process.exitCode = await runSteps([
  {
    name: `soak, ${RUNS} runs of each property`,
    run: command('vitest', ['run', '--config', 'vitest.soak.config.ts', ...process.argv.slice(2)], {
      LOCKGATE_PROPERTY_RUNS: RUNS,
    }),
  },
])
