/**
 * Reads a request's body as its route says: its type first, then its bytes, counted while they
 * arrive, then what they mean. Rejects with a LockgateError that is the refusal.
 */
import type { IncomingMessage } from 'node:http'
import { LockgateError } from '../../core/errors.ts'
import { readForm } from './form.ts'
import { readStrictJson } from './strict-json.ts'

export type BodyKind = 'json' | 'form' | 'raw'

const MEDIA_TYPES: Readonly<Record<BodyKind, string>> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  raw: 'application/json',
}

export const mediaTypeOf = (kind: BodyKind): string => MEDIA_TYPES[kind]

/** Throws LockgateError `unsupported_media_type` or `unsupported_encoding`. */
export function checkBodyType(kind: BodyKind, { headers }: Pick<IncomingMessage, 'headers'>): void {
  const type = MEDIA_TYPES[kind]
  if (!isType(headers['content-type'] ?? '', type)) {
    throw new LockgateError('unsupported_media_type', `Send the body as ${type}, in UTF-8.`)
  }
  if (headers['content-encoding'] !== undefined) throw new LockgateError('unsupported_encoding')
}

/** The type itself, in any case, with no parameter but `charset=utf-8`. */
function isType(value: string, type: string): boolean {
  const [name = '', ...parameters] = value.toLowerCase().split(';')
  return (
    name.trim() === type &&
    parameters.every((parameter) => /^(?:charset="?utf-8"?)?$/.test(parameter.trim()))
  )
}

/** Resolves with all of it. Rejects with `body_too_large` as soon as it is. */
export function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) reject(new LockgateError('body_too_large'))
      else chunks.push(chunk)
    })
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('error', reject)
    request.once('close', () => reject(new Error('the client left')))
  })
}

export function readAs(kind: BodyKind, bytes: Buffer): unknown {
  if (kind === 'json') return readStrictJson(bytes)
  return kind === 'form' ? readForm(bytes) : bytes
}
