/**
 * Problems of a configuration, said one a line: `PATH must be …, not …` or
 * `PATH is not a known member; did you mean "…"?`. Values that may hold a secret are never shown.
 */
import { distance } from 'fastest-levenshtein'
import type { z } from 'zod'
import { ConfigError } from '../core/errors.ts'

const MAX_PROBLEMS = 10
const MAX_SHOWN_LENGTH = 60

/** Throws one ConfigError with the first ten problems, one a line. `source` names the file. */
export function refuse(problems: readonly string[], source: string): never {
  const lines = problems.slice(0, MAX_PROBLEMS).map((problem) => `${source}: ${problem}`)
  const more = problems.length - lines.length
  if (more > 0) lines.push(`${source}: and ${more} more`)
  throw new ConfigError(lines.join('\n'))
}

/** One line for each problem that zod found. */
export function linesOf(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.flatMap((issue) => issueLines(issue, []))
}

function issueLines(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): string[] {
  const path = [...base, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    const hints = issue.message.split('\n')
    return issue.keys.map((key, index) => `${pathText([...path, key])} ${hints[index] ?? ''}`)
  }
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((errors) => errors.some((inner) => isDetail(inner)))
    if (meant !== undefined) return meant.flatMap((inner) => issueLines(inner, path))
  }
  if (issue.code === 'invalid_key') {
    return [`${pathText(path)} ${issue.issues[0]?.message ?? issue.message}`]
  }
  const where = path.length === 0 ? 'the configuration' : pathText(path)
  return [`${where} ${issue.message}`]
}

/** A branch of a union was meant when what is wrong lies inside it, not in its kind. */
function isDetail(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys'
}

/** `tiers.free.limits[0].window`; names that are not plain are quoted. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[A-Za-z_$][\w$-]*$/.test(String(part)))
      text += text === '' ? String(part) : `.${String(part)}`
    else text += `[${shown(String(part))}]`
  }
  return text
}

/** What to say about members that are not known: one line each, with the nearest that is. */
export function unknownMembers(keys: readonly string[], known: readonly string[]): string {
  return keys.map((key) => unknownMember(key, known)).join('\n')
}

function unknownMember(key: string, known: readonly string[]): string {
  const near = nearest(key, known)
  const hint = near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`
  return `is not a known member; ${hint}`
}

/** The candidate with the fewest edits, unless more than half of the word would change. */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestEdits = Math.max(2, Math.floor(word.length / 2)) + 1
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    if (edits < bestEdits) {
      best = candidate
      bestEdits = edits
    }
  }
  return best
}

/** A value in one short line, without control characters. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'function') return 'a function'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text
}
