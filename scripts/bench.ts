/** `npm run bench [-- NAME…]`: the benchmarks of `bench/NAME.bench.ts`, one after the other. */
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { command, ROOT, runSteps } from './steps.ts'

const FILES = globSync('bench/**/*.bench.ts', { cwd: ROOT }).sort()
const byName = new Map(FILES.map((file) => [basename(file, '.bench.ts'), file]))
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const unknown = wanted.filter((name) => !byName.has(name))

if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(', ')}. There are: ${[...byName.keys()].join(', ')}`)
  process.exitCode = 2
} else {
  const names = wanted.length > 0 ? wanted : [...byName.keys()]
  const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
  process.exitCode = await runSteps(
    names.map((name) => ({
      name: `bench ${name}`,
      run: command('node', ['--expose-gc', join(ROOT, byName.get(name) ?? ''), ...options]),
    })),
  )
}
