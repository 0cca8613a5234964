/**
 * The files below a path, and their bytes in pieces. Symbolic links are not followed, so nothing
 * leads out or round in circles; one that is named itself is. What is neither file nor folder (a
 * pipe, a device) is passed over: reading it might never end.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Not entered unless named: what git keeps is for `--history`, what npm keeps is not yours. */
const SKIPPED: ReadonlySet<string> = new Set(['.git', 'node_modules'])
const PIECE_BYTES = 1024 * 1024

/** Told of what cannot be read; the search goes on. */
export type OnUnreadable = (path: string, reason: string) => void

/** Whether there is something of this name at all. */
export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Files in the order of their names. */
export function* filesBelow(path: string, onUnreadable: OnUnreadable): Generator<string> {
  const stats = attempt(path, onUnreadable, () => statSync(path))
  if (stats?.isFile()) yield path
  if (stats?.isDirectory()) yield* filesInFolder(path, onUnreadable)
}

function* filesInFolder(folder: string, onUnreadable: OnUnreadable): Generator<string> {
  const entries = attempt(folder, onUnreadable, () => readdirSync(folder, { withFileTypes: true }))
  for (const entry of entries?.toSorted(byName) ?? []) {
    const path = join(folder, entry.name)
    if (entry.isFile()) yield path
    if (entry.isDirectory() && !SKIPPED.has(basename(path))) {
      yield* filesInFolder(path, onUnreadable)
    }
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1

/** Each piece is overwritten by the next. */
export function* piecesOf(path: string, onUnreadable: OnUnreadable): Generator<Buffer> {
  const descriptor = attempt(path, onUnreadable, () => openSync(path, 'r'))
  if (descriptor === undefined) return
  const buffer = Buffer.allocUnsafe(PIECE_BYTES)
  try {
    for (;;) {
      const bytes = attempt(path, onUnreadable, () => readSync(descriptor, buffer))
      if (bytes === undefined || bytes === 0) return
      yield buffer.subarray(0, bytes)
    }
  } finally {
    closeSync(descriptor)
  }
}

function attempt<T>(path: string, onUnreadable: OnUnreadable, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    onUnreadable(path, String(code ?? error))
    return undefined
  }
}
