/**
 * JSON logs on stderr, so that stdout stays free for audit rows and command output. Written
 * synchronously: a line that explains a crash must not be lost in a buffer. Each finished line goes
 * through the redactor, the second line of defence; no caller passes a key, a hash or a credential
 * in the first place.
 */
import pino from 'pino'
import type { Logger } from '../core/ports/logger.ts'
import type { Settings } from '../core/settings.ts'
import { redactLine } from './redact-line.ts'

export interface LoggerOptions {
  /** Names this process on every line. */
  readonly instance?: string
  /** Default: stderr, written synchronously. */
  readonly destination?: { write(line: string): void }
}

export function createLogger(
  level: Settings['logLevel'],
  { instance, destination = pino.destination({ dest: 2, sync: true }) }: LoggerOptions = {},
): Logger {
  return pino(
    {
      level,
      base: instance === undefined ? null : { instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: { streamWrite: redactLine },
    },
    destination,
  )
}
