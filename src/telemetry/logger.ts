/**
 * JSON logs on stderr, so that stdout stays free for audit rows and command output. Written
 * synchronously: a line that explains a crash must not be lost in a buffer. The redactor is the
 * second line of defence; no caller passes a key, a hash or a credential in the first place.
 */
import pino from 'pino'
import type { Logger } from '../core/ports/logger.ts'
import type { Settings } from '../core/settings.ts'

const SECRET_MEMBERS = [
  'authorization',
  'key',
  'apiKey',
  'secret',
  'secretHash',
  'token',
  'password',
]

export function createLogger(level: Settings['logLevel']): Logger {
  const destination = pino.destination({ dest: 2, sync: true })
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: SECRET_MEMBERS.flatMap((member) => [member, `*.${member}`, `*.*.${member}`]),
    },
    destination,
  )
}
