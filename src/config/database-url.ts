/** Which database URLs can be opened, and how a URL is shown without its password. */
import { ConfigError } from '../core/errors.ts'

export const DEFAULT_DATABASE_URL = 'sqlite:./lockgate.db'

/**
 * Returns `url` when it can be opened; throws a ConfigError that names `source` otherwise.
 * Legal are `sqlite:PATH` (relative to the working directory), `sqlite::memory:` and
 * `postgres://…` (or `postgresql://…`).
 */
export function checkDatabaseUrl(url: string, source: string): string {
  const problem = problemOf(url)
  if (problem !== undefined) throw new ConfigError(`${source}: ${problem} (got ${maskUrl(url)})`)
  return url
}

function problemOf(url: string): string | undefined {
  if (/^postgres(ql)?:/i.test(url)) return postgresProblem(url)
  if (url.startsWith('sqlite://')) return 'write sqlite:PATH, without "//"'
  if (/^sqlite:[^\0\r\n]+$/.test(url)) return undefined
  return 'must be sqlite:PATH, such as sqlite:./lockgate.db, or postgres://user:password@host:5432/name'
}

function postgresProblem(url: string): string | undefined {
  if (isPostgres(url) && !/[\s\0]/.test(url) && URL.canParse(url)) return undefined
  return 'must be postgres://user:password@host:5432/name, with special characters of the password as escapes such as %40'
}

export const isPostgres = (url: string): boolean => /^postgres(ql)?:\/\//.test(url)

/** The path of a database file; undefined for a database in memory or on a server. */
export function databaseFile(url: string): string | undefined {
  if (isPostgres(url)) return undefined
  const path = url.slice('sqlite:'.length)
  return path === ':memory:' ? undefined : path
}

/**
 * The URL with everything up to the last `@` replaced by `***`, and without its query: both may
 * hold a password, which may itself hold a slash, a question mark or an `@`.
 */
export function maskUrl(url: string): string {
  const at = url.lastIndexOf('@')
  const schemeEnd = url.indexOf('://')
  const start = schemeEnd === -1 ? url.indexOf(':') + 1 : schemeEnd + 3
  const open = at >= start && start > 0 ? `${url.slice(0, start)}***${url.slice(at)}` : url
  return open.replace(/[?#][\s\S]*$/, '?…')
}
