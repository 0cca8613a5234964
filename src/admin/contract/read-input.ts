/** Reads what was sent by its schema. What does not fit is named, with the nearest that is known. */
import { distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { LockgateError } from '../../core/errors.ts'
import { shownName } from '../body/strict-json.ts'

type Issue = z.core.$ZodIssue

/** Throws LockgateError `unknown_field` or `invalid_field`. Absent is as good as empty. */
export function readBody(schema: z.ZodType | undefined, body: unknown): unknown {
  if (schema === undefined) return undefined
  const read = schema.safeParse(body === undefined ? {} : body)
  if (read.success) return read.data
  const issues = flat(read.error.issues)
  const stranger = issues.find(isUnknown)
  if (stranger !== undefined) {
    const name = pathText([...stranger.path, stranger.keys[0] ?? ''])
    const known = stranger.path.length === 0 ? namesOf(schema) : []
    const problem = `The body has no member ${shownName(name)}${hint(name, known)}.`
    throw new LockgateError('unknown_field', problem)
  }
  const [issue] = issues
  throw new LockgateError('invalid_field', `${whereOf(issue)} ${problemOf(issue)}`)
}

/** Throws LockgateError `invalid_parameter`. Each parameter may be there once. */
export function readQuery(schema: z.ZodObject | undefined, query: URLSearchParams): unknown {
  const known = Object.keys(schema?.shape ?? {})
  const values: Record<string, string> = {}
  for (const [name, value] of query) {
    if (!known.includes(name)) throw invalidParameter(`${unknownParameter(name, known)}.`)
    if (Object.hasOwn(values, name)) {
      throw invalidParameter(`The query parameter "${name}" is there twice; send it once.`)
    }
    values[name] = value
  }
  if (schema === undefined) return undefined
  const read = schema.safeParse(values)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw invalidParameter(`The query parameter ${whereOf(issue)} ${problemOf(issue)}`)
}

export const invalidParameter = (message: string): LockgateError =>
  new LockgateError('invalid_parameter', message)

const unknownParameter = (name: string, known: readonly string[]): string =>
  `There is no query parameter ${shownName(name)} here${hint(name, known)}`

/** What was meant, perhaps, and what there is. */
function hint(name: string, known: readonly string[]): string {
  const short = name.slice(0, 64)
  const [nearest] = [...known].sort((a, b) => distance(a, short) - distance(b, short))
  return nearest === undefined
    ? '; leave it out'
    : `; did you mean "${nearest}"? It takes ${known.join(', ')}`
}

const namesOf = (schema: z.ZodType): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : []

/** The branches of a union hold what is wrong; the first that knows a reason is taken. */
function flat(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue]
    const inner = issue.errors.find((branch) => branch.some((deep) => deep.path.length > 0))
    if (inner === undefined) return [issue]
    return flat(inner.map((deep) => ({ ...deep, path: [...issue.path, ...deep.path] })))
  })
}

const isUnknown = (issue: Issue): issue is z.core.$ZodIssueUnrecognizedKeys =>
  issue.code === 'unrecognized_keys'

function whereOf(issue: Issue | undefined): string {
  return issue === undefined || issue.path.length === 0
    ? 'The body'
    : shownName(pathText(issue.path))
}

/** `limits[0].burst.extra` */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? String(part) : `${text}.${String(part)}`
  }, '')
}

/** zod's words, which never show the value, after our own beginning. */
function problemOf(issue: Issue | undefined): string {
  const message = issue?.message ?? 'does not fit'
  const [, rest] = /^Invalid input: expected (.*)$/.exec(message) ?? []
  if (rest === undefined) return `${message.replace(/^(Invalid|Too)/, 'is wrong: $1')}.`
  const [expected = '', received] = rest.split(', received ')
  return received === 'undefined' ? `is missing.` : `must be ${expected}, not ${received}.`
}
