/**
 * The import graph of each published subpath: which packages loading `lockgate/express` loads, Node's
 * own modules aside, and without what `import()` may load later. What is not listed for it in
 * `scripts/import-rules.json` is a violation, and so is a listed package that nothing loads any more.
 */
import { posix } from 'node:path'
import { readModule } from './module.ts'
import { type ImportRules, packageOf, type Sources, type Violation } from './rules.ts'

/** The `exports` of package.json: subpath to the file in `dist`, or to an object with `default`. */
export type PackageExports = Readonly<Record<string, string | { readonly default: string }>>

export function checkPublished(
  sources: Sources,
  exports: PackageExports,
  rules: ImportRules,
): Violation[] {
  const entries = sourceEntries(exports)
  const violations = [...entries].flatMap(([subpath, entry]) => {
    const allowed = rules.published[subpath]
    if (allowed === undefined) return [violation(entry, `${subpath} is not listed as published`)]
    return checkSubpath(sources, subpath, entry, allowed)
  })
  for (const subpath of Object.keys(rules.published)) {
    if (!entries.has(subpath)) {
      violations.push(violation('package.json', `there is no export ${subpath}`))
    }
  }
  return violations
}

const violation = (path: string, message: string): Violation => ({ path, line: 1, message })

/** The exports that are code, with the source each is built from. */
function sourceEntries(exports: PackageExports): Map<string, string> {
  const entries = new Map<string, string>()
  for (const [subpath, target] of Object.entries(exports)) {
    const file = typeof target === 'string' ? target : target.default
    const built = /^\.\/dist\/(.*)\.js$/.exec(file)?.[1]
    if (built !== undefined) entries.set(subpath, `src/${built}.ts`)
  }
  return entries
}

function checkSubpath(
  sources: Sources,
  subpath: string,
  entry: string,
  allowed: readonly string[],
): Violation[] {
  const loaded = packagesLoadedBy(sources, entry)
  const unlisted = [...loaded]
    .filter(([name]) => !allowed.includes(name))
    .map(([name, chain]) => violation(entry, `${subpath} loads ${name}: ${chain.join(' > ')}`))
  const unused = allowed
    .filter((name) => !loaded.has(name))
    .map((name) => violation(entry, `${subpath} no longer loads ${name}; take it off the list`))
  return [...unlisted, ...unused]
}

/** The packages that running `entry` loads, each with one chain of files to it. */
export function packagesLoadedBy(sources: Sources, entry: string): Map<string, readonly string[]> {
  const packages = new Map<string, readonly string[]>()
  const seen = new Set<string>()
  const pending: string[][] = [[entry]]
  for (let chain = pending.pop(); chain !== undefined; chain = pending.pop()) {
    const path = chain.at(-1) ?? entry
    const text = sources.get(path)
    if (seen.has(path) || text === undefined) continue
    seen.add(path)
    for (const { specifier, typeOnly, lazy } of readModule(path, text).imports) {
      if (typeOnly || lazy || specifier === undefined || specifier.startsWith('node:')) continue
      if (specifier.startsWith('.')) {
        pending.push([...chain, posix.join(posix.dirname(path), specifier)])
      } else if (!packages.has(packageOf(specifier))) packages.set(packageOf(specifier), chain)
    }
  }
  return packages
}
