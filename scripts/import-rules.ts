/** Checks `src` against `scripts/import-rules.json`; prints each violation, exits 1 if there is any. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPublished, type PackageExports } from './imports/published.ts'
import { checkSources, type ImportRules } from './imports/rules.ts'
import { ROOT } from './steps.ts'

const readJson = <T>(path: string): T => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))

const rules = readJson<ImportRules>('scripts/import-rules.json')
const { exports } = readJson<{ exports: PackageExports }>('package.json')
const sources = new Map(
  globSync('src/**/*.ts', { cwd: ROOT })
    .sort()
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]),
)

const violations = [...checkSources(sources, rules), ...checkPublished(sources, exports, rules)]
for (const { path, line, message } of violations) console.error(`${path}:${line}: ${message}`)
console.log(`${sources.size} files, ${violations.length} violations of the import rules`)
if (violations.length > 0) process.exitCode = 1
