/**
 * Whether a form was sent by our own page. Browsers say so in `Sec-Fetch-Site`, which no script can
 * set; older ones, and those on plain HTTP, leave it to `Origin`, which is `null` for our page because
 * of its Referrer-Policy. Who sends neither is no browser that another site could use.
 */
import type { IncomingHttpHeaders } from 'node:http'

/** `origin` is that of the configured public URL: the Host of a request proves nothing. */
export function isSameOrigin(headers: IncomingHttpHeaders, origin: string): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const sender = headers['origin']
  return sender === undefined || sender === 'null' || sender === origin
}
