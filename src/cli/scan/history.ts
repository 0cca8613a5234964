/**
 * Everything that a repository remembers: each object once that any branch, tag, stash or reflog
 * leads to; files, and commits and tags with their messages.
 */
import { resolve } from 'node:path'
import { gitPipe, gitText } from './git.ts'
import { OBJECT_LINE, type ObjectPiece, objectPieces } from './git-objects.ts'

/** Commits that were amended away or forced over may have been pushed before. */
const EVERYTHING = ['--all', '--reflog'] as const
const COMMIT = /^[0-9a-f]{40,64}$/
const CHANGE = /^:\d{6} \d{6} [0-9a-f]+ ([0-9a-f]{40,64}) [A-Z]\d*\t/

export interface Repository {
  /** By which two paths in one repository are recognised. */
  readonly id: string
  /** Any folder in it. */
  readonly folder: string
  /** Cloned without its older history: what is not there cannot be searched. */
  readonly isShallow: boolean
}

/** Rejects where git is missing or the folder lies in no repository. */
export async function repositoryOf(folder: string): Promise<Repository> {
  const said = await gitText(folder, ['rev-parse', '--git-common-dir', '--is-shallow-repository'])
  const [gitFolder = '', isShallow] = said.split('\n')
  return { id: resolve(folder, gitFolder), folder, isShallow: isShallow === 'true' }
}

export function historyOf({ folder }: Repository): AsyncGenerator<ObjectPiece> {
  const list = ['rev-list', '--objects', ...EVERYTHING]
  return objectPieces(gitPipe(folder, [list, ['cat-file', `--batch=${OBJECT_LINE}`, '--buffer']]))
}

/** For each of these files, the oldest commit in which it stands so. */
export async function firstCommits(
  { folder }: Repository,
  files: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const first = new Map<string, string>()
  if (files.size === 0) return first
  const list = ['rev-list', '--reverse', ...EVERYTHING]
  const changes = ['diff-tree', '--stdin', '-r', '-m', '--root', '--no-renames', '--no-abbrev']
  let commit = ''
  for await (const line of lines(gitPipe(folder, [list, changes]))) {
    const file = CHANGE.exec(line)?.[1]
    if (file === undefined) {
      if (COMMIT.test(line)) commit = line
    } else if (files.has(file) && !first.has(file)) first.set(file, commit)
  }
  return first
}

async function* lines(output: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of output) {
    const whole = (rest + chunk.toString('latin1')).split('\n')
    rest = whole.pop() ?? ''
    yield* whole
  }
  if (rest !== '') yield rest
}
