/** An app that hands each of its secrets to our logger in every way there is. */
import { createLogger } from '../../src/telemetry/logger.ts'

const secrets: string[] = JSON.parse(process.env['SECRETS'] ?? '[]')
const log = createLogger('trace', { instance: 'canary' })
for (const secret of secrets) {
  const cause = new AggregateError([new Error(`inner ${secret}`)], secret)
  const err = Object.assign(new Error(`outer ${secret}`, { cause }), { options: { url: secret } })
  const list = [[{ [secret]: secret }], [secret]]
  log.debug({ err, list, nested: { a: { b: { c: { d: err.message } } } } }, `it was ${secret}`)
}
