/**
 * The import rules, checked: `checkSources` compares every source file with the rule of its folder
 * in `scripts/import-rules.json`. Pure: texts in, violations out.
 */
import { posix } from 'node:path'
import { type Import, type ModuleFacts, readModule } from './module.ts'

export interface FolderRule {
  /** What lives there, for people. */
  readonly holds: string
  /** Other folders it may import, with what is below them. Its own is always allowed. */
  readonly folders: readonly string[]
  /** Folders of which it may only `import type`. */
  readonly typesOf?: readonly string[]
  /** Folders that it may only load while it runs, by `import()`: whoever does not use them pays nothing. */
  readonly lazyFolders?: readonly string[]
  /** Packages and `node:` modules. */
  readonly packages: readonly string[]
  /** Packages that it may only load while it runs, by `import()`; nobody has to have them installed. */
  readonly lazyPackages?: readonly string[]
  /** Packages of which it may only `import type`. */
  readonly typesOfPackages?: readonly string[]
  /** Packages that one file alone may import. */
  readonly packagesOfFile?: Readonly<Record<string, readonly string[]>>
  /** Names from `forbiddenNames`. */
  readonly forbids: readonly string[]
  /** A file has fewer lines than this. */
  readonly linesBelow?: number
  /** It may import paths that are computed. */
  readonly computedImports?: true
}

export interface ImportRules {
  /** Files that are never published and may import anything. */
  readonly exempt: readonly string[]
  /** Named lists of dotted names; `a.b` forbids `a.b` and all below it. */
  readonly forbiddenNames: Readonly<Record<string, readonly string[]>>
  /** The longest path that fits a file is its rule. */
  readonly sources: Readonly<Record<string, FolderRule>>
  /** For each export of package.json: every package that loading it may load. */
  readonly published: Readonly<Record<string, readonly string[]>>
}

export interface Violation {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** File texts by path from the root (`src/core/tier.ts`). */
export type Sources = ReadonlyMap<string, string>

export function checkSources(sources: Sources, rules: ImportRules): Violation[] {
  const violations: Violation[] = []
  for (const [path, text] of sources) {
    if (isExempt(path, rules)) continue
    for (const [line, message] of checkFile(path, text, rules)) {
      violations.push({ path, line, message })
    }
  }
  return violations
}

const isExempt = (path: string, rules: ImportRules): boolean =>
  rules.exempt.some((ending) => path.endsWith(ending))

type Finding = readonly [line: number, message: string]

function* checkFile(path: string, text: string, rules: ImportRules): Generator<Finding> {
  const folder = folderOf(path, rules)
  const rule = folder === undefined ? undefined : rules.sources[folder]
  if (folder === undefined || rule === undefined) {
    yield [1, 'no rule names this folder; add it to scripts/import-rules.json']
    return
  }
  const facts = readModule(path, text)
  for (const entry of facts.imports) {
    const message = importProblem(path, folder, rule, entry, rules)
    if (message !== undefined) yield [entry.line, message]
  }
  yield* forbiddenNames(folder, rule, facts, rules)
  const lines = text.trimEnd().split('\n').length
  if (rule.linesBelow !== undefined && lines >= rule.linesBelow) {
    yield [lines, `${lines} lines; files in ${folder} have fewer than ${rule.linesBelow}`]
  }
}

/** The longest rule that is the file itself or a folder above it. */
function folderOf(path: string, rules: ImportRules): string | undefined {
  return Object.keys(rules.sources)
    .filter((folder) => isBelow(path, folder))
    .sort((a, b) => b.length - a.length)[0]
}

const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`)

function importProblem(
  path: string,
  folder: string,
  rule: FolderRule,
  entry: Import,
  rules: ImportRules,
): string | undefined {
  const { specifier } = entry
  if (specifier === undefined) {
    return rule.computedImports ? undefined : `${folder} must not import a computed path`
  }
  if (!specifier.startsWith('.')) return packageProblem(path, folder, rule, entry, specifier)
  const target = posix.join(posix.dirname(path), specifier)
  if (isExempt(target, rules)) return `${target} is a test; nothing published imports it`
  const owner = folderOf(target, rules)
  if (owner === folder || rule.folders.some((allowed) => isBelow(target, allowed))) return undefined
  if (rule.lazyFolders?.some((allowed) => isBelow(target, allowed))) {
    if (entry.lazy || entry.typeOnly) return undefined
    return `${folder} may only load ${owner} by import()`
  }
  const typesAllowed = rule.typesOf?.some((allowed) => isBelow(target, allowed)) ?? false
  if (!typesAllowed) return `${folder} must not import ${owner ?? target}`
  return entry.typeOnly ? undefined : `${folder} may only import types of ${owner}`
}

function packageProblem(
  path: string,
  folder: string,
  rule: FolderRule,
  entry: Import,
  specifier: string,
): string | undefined {
  const name = packageOf(specifier)
  if (rule.packages.includes(name)) return undefined
  if (rule.packagesOfFile?.[path]?.includes(name)) return undefined
  if (rule.lazyPackages?.includes(name)) {
    return entry.lazy || entry.typeOnly ? undefined : `${folder} may only load ${name} by import()`
  }
  if (!rule.typesOfPackages?.includes(name)) return `${folder} must not import ${name}`
  return entry.typeOnly ? undefined : `${folder} may only import types of ${name}`
}

/** `@scope/name/deep` is the package `@scope/name`; `node:fs/promises` is `node:fs`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function* forbiddenNames(
  folder: string,
  rule: FolderRule,
  facts: ModuleFacts,
  rules: ImportRules,
): Generator<Finding> {
  const forbidden = rule.forbids.flatMap((list) => rules.forbiddenNames[list] ?? [])
  const imported = facts.imports
    .filter((entry) => entry.specifier === 'node:process' || entry.specifier === 'process')
    .flatMap(({ names, line }) => names.map((name) => ({ name: `process.${name}`, line })))
  for (const use of [...facts.names, ...imported]) {
    if (forbidden.some((name) => use.name === name || use.name.startsWith(`${name}.`))) {
      yield [use.line, `${folder} must not use ${use.name}`]
    }
  }
}
