/** Writes a refusal with node:http, beside whatever headers are set already. Too late, it does nothing. */
import type { ServerResponse } from 'node:http'
import type { Refusal } from './admission.ts'

export function writeRefusal(res: ServerResponse, refusal: Refusal): void {
  if (res.closed || res.headersSent) return
  res.statusCode = refusal.status
  for (const [name, value] of refusal.headers) res.setHeader(name, value)
  res.end(refusal.body)
}
