/**
 * The environment variables that Lockgate reads. This is the only file that reads `process.env`.
 * An empty value counts as unset, as in most container files.
 */
import { ConfigError } from '../core/errors.ts'
import type { Settings } from '../core/settings.ts'

/** Names and values, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface EnvironmentValues {
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly smtpUrl: string | undefined
  readonly publicUrl: string | undefined
  readonly logLevel: Settings['logLevel']
}

const LOG_LEVELS: readonly Settings['logLevel'][] = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
  'silent',
]

export const processEnvironment = (): Environment => process.env

/** URLs are as they stand there; who needs them checks them. Throws a ConfigError for a bad level. */
export function readEnvironment(env: Environment): EnvironmentValues {
  return {
    databaseUrl: readVariable(env, 'LOCKGATE_DATABASE_URL'),
    redisUrl: readVariable(env, 'LOCKGATE_REDIS_URL'),
    smtpUrl: readVariable(env, 'LOCKGATE_SMTP_URL'),
    publicUrl: readVariable(env, 'LOCKGATE_PUBLIC_URL'),
    logLevel: logLevelOf(readVariable(env, 'LOCKGATE_LOG_LEVEL')),
  }
}

function logLevelOf(text: string | undefined): Settings['logLevel'] {
  if (text === undefined) return 'info'
  const level = LOG_LEVELS.find((name) => name === text)
  if (level !== undefined) return level
  throw new ConfigError(`LOCKGATE_LOG_LEVEL: must be one of ${LOG_LEVELS.join(', ')}`)
}

function readVariable(env: Environment, name: string): string | undefined {
  const value = env[name]
  return value === undefined || value.trim() === '' ? undefined : value
}
