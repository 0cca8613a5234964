/** Signatures of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, by a secret that both sides have. */
import { createHmac } from 'node:crypto'
import { ConfigError } from '../core/errors.ts'

const PREFIX = 'whsec_'
/** What the specification asks for. */
const MIN_BYTES = 24
const MAX_BYTES = 64

/** The bytes of `whsec_…`. Throws a ConfigError, which does not quote it. */
export function signingKeyOf(secret: string): Buffer {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : undefined
  const key = Buffer.from(encoded ?? '', 'base64')
  const isBase64 = encoded !== undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(encoded)
  if (isBase64 && key.length >= MIN_BYTES && key.length <= MAX_BYTES) return key
  throw new ConfigError(
    `spend.alerts.webhook.secret: must be "${PREFIX}" and ${MIN_BYTES} to ${MAX_BYTES} bytes in base64; make one with: echo ${PREFIX}$(openssl rand -base64 32)`,
  )
}

export interface SignedParts {
  readonly id: string
  readonly timestampSeconds: number
  readonly body: string
}

/** The value of `webhook-signature`. */
export function signatureOf(key: Buffer, { id, timestampSeconds, body }: SignedParts): string {
  const signed = `${id}.${timestampSeconds}.${body}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}
