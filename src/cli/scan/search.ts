/** Searches paths, stdin and, where asked, the history of the repositories that the paths lie in. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { UsageError } from '../failure.ts'
import { exists, filesBelow, type OnUnreadable, piecesOf } from './files.ts'
import { createFindings, type Finding, type Findings, type Place } from './findings.ts'
import { firstCommits, historyOf, type Repository, repositoryOf } from './history.ts'
import { createKeyFinders, type KeyFinder } from './key-finder.ts'

export interface SearchOptions {
  /** `-` is stdin. */
  readonly paths: readonly string[]
  readonly prefixes: readonly string[]
  readonly history: boolean
  readonly onUnreadable: OnUnreadable
  /** Told of a repository whose older history is not there. */
  readonly onShallow: (folder: string) => void
}

export interface SearchResult {
  readonly findings: readonly Finding[]
  readonly files: number
  /** Files, commits and tags that git remembers; 0 where it was not asked. */
  readonly objects: number
}

const STDIN = '-'

export async function search(options: SearchOptions): Promise<SearchResult> {
  const { paths, prefixes, history, onUnreadable } = options
  const missing = paths.find((path) => path !== STDIN && !exists(path))
  if (missing !== undefined) throw new UsageError(`there is no file or folder "${missing}"`)
  const newFinder = createKeyFinders(prefixes)
  const findings = createFindings()
  const repositories = history ? await repositoriesOf(paths, options.onShallow) : []
  let files = 0
  for (const path of paths) {
    if (path === STDIN) await searchStdin(newFinder(), findings)
    else files += searchFiles(path, newFinder, findings, onUnreadable)
  }
  let objects = 0
  for (const repository of repositories) {
    objects += await searchHistory(repository, newFinder, findings)
  }
  return { findings: findings.all(), files, objects }
}

async function searchStdin(finder: KeyFinder, findings: Findings): Promise<void> {
  for await (const piece of process.stdin) {
    for (const found of finder.search(piece)) findings.add(found, { path: 'stdin' })
  }
}

function searchFiles(
  path: string,
  newFinder: () => KeyFinder,
  findings: Findings,
  onUnreadable: OnUnreadable,
): number {
  let files = 0
  for (const file of filesBelow(path, onUnreadable)) {
    files += 1
    const finder = newFinder()
    for (const piece of piecesOf(file, onUnreadable)) {
      for (const found of finder.search(piece)) findings.add(found, { path: file })
    }
  }
  return files
}

/** Each repository once, however many of the paths lie in it. */
async function repositoriesOf(
  paths: readonly string[],
  onShallow: SearchOptions['onShallow'],
): Promise<readonly Repository[]> {
  const repositories = new Map<string, Repository>()
  for (const path of paths) {
    if (path === STDIN) continue
    const folder = statSync(path).isDirectory() ? path : dirname(path)
    const repository = await repositoryOf(folder)
    if (repository.isShallow && !repositories.has(repository.id)) onShallow(folder)
    repositories.set(repository.id, repository)
  }
  return [...repositories.values()]
}

async function searchHistory(
  repository: Repository,
  newFinder: () => KeyFinder,
  findings: Findings,
): Promise<number> {
  let objects = 0
  let current: string | undefined
  let finder = newFinder()
  const unplaced = new Set<string>()
  for await (const { object, bytes } of historyOf(repository)) {
    if (object.type === 'tree') continue
    if (object.id !== current) {
      objects += 1
      current = object.id
      finder = newFinder()
    }
    const isFile = object.type === 'blob'
    for (const found of finder.search(bytes)) {
      if (isFile) unplaced.add(object.id)
      findings.add(
        found,
        isFile ? { path: object.path, file: object.id } : { path: '(message)', commit: object.id },
      )
    }
  }
  const commits = await firstCommits(repository, unplaced)
  findings.place((place) => withCommit(place, commits))
  return objects
}

function withCommit(place: Place, commits: ReadonlyMap<string, string>): Place {
  const commit = place.file === undefined ? undefined : commits.get(place.file)
  return commit === undefined ? place : { ...place, commit }
}
