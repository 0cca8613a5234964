/**
 * The two headers that carry a signature. GitHub writes them `Github-Public-Key-…`, and for others of
 * its services `X-GitHub-Public-Key-…`; both are read. A header that was sent twice arrives joined by
 * a comma and is then neither an identifier nor base64.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { readSignature } from './signature.ts'

export interface SentSignature {
  /** Which of the public keys made it. */
  readonly keyIdentifier: string
  readonly signature: Buffer
}

const IDENTIFIER = /^[0-9A-Za-z_-]{1,128}$/

/** undefined where a header is missing, malformed or contradicted by the other name's. */
export function sentSignature(headers: IncomingHttpHeaders): SentSignature | undefined {
  const keyIdentifier = only(headers, 'github-public-key-identifier')
  const signature = readSignature(only(headers, 'github-public-key-signature'))
  if (signature === undefined || !IDENTIFIER.test(keyIdentifier)) return undefined
  return { keyIdentifier, signature }
}

/** The value that both names agree on; '' where there is none. */
function only(headers: IncomingHttpHeaders, name: string): string {
  const plain = headers[name]
  const prefixed = headers[`x-${name}`]
  if (plain !== undefined && prefixed !== undefined && plain !== prefixed) return ''
  const value = plain ?? prefixed
  return typeof value === 'string' ? value : ''
}
