/** The Logger port: structured logs. pino fits it as it is. Callers never pass keys or hashes. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
