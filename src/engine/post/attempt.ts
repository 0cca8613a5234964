/**
 * One attempt to deliver a mail, or a webhook that waits like one. The token of its link is made here, for this attempt alone: the store
 * gets its hash, the mail its text, and nobody keeps it.
 */
import { randomBytesOf, sha256Hex } from '../../core/crypto.ts'
import { LockgateError } from '../../core/errors.ts'
import type { ClaimedMail, MailResult } from '../../core/mail.ts'
import type { Clock } from '../../core/ports/clock.ts'
import { MailError, type Mailer, type OutgoingMail } from '../../core/ports/mailer.ts'
import type { Store } from '../../core/ports/store.ts'
import type { Webhooks } from '../../core/ports/webhooks.ts'
import { retryDelayMs } from './retry-delay.ts'

const TOKEN_BYTES = 32
const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000
const MAX_PROBLEM_LENGTH = 500

export interface AttemptParts {
  readonly store: Pick<Store, 'addLinkToken'>
  readonly mailer: Mailer
  /** null: none is configured for this process. */
  readonly webhooks: Webhooks | null
  readonly clock: Clock
  /** The base of links, from the configuration; without a slash at its end. */
  readonly publicUrl: string
}

/** The mail that waits is no longer needed: its link was used, or is gone. */
export const NOT_NEEDED = 'no longer needed: its link is closed'

/** Rejects only where the store fails, and then nothing was sent. */
export async function attemptDelivery(parts: AttemptParts, mail: ClaimedMail): Promise<MailResult> {
  const { clock } = parts
  const link = await linkFor(parts, mail)
  if (link === 'closed') return { kind: 'failed', atMs: clock.wallMs(), problem: NOT_NEEDED }
  try {
    await deliverer(parts, mail).deliver(outgoing(parts, mail, link))
    return { kind: 'sent', atMs: clock.wallMs() }
  } catch (error) {
    return failure(error, mail.attempt, clock.wallMs(), link?.token)
  }
}

function deliverer({ mailer, webhooks }: AttemptParts, { audience }: ClaimedMail) {
  if (audience !== 'webhook') return mailer
  if (webhooks !== null) return webhooks
  throw new MailError('no receiver is configured here; set spend.alerts.webhook', {
    isFinal: false,
  })
}

interface TokenOfLink {
  readonly token: string
  readonly expiresAtMs: number
}

async function linkFor(
  { store, clock }: AttemptParts,
  { linkId }: ClaimedMail,
): Promise<TokenOfLink | undefined | 'closed'> {
  if (linkId === null) return undefined
  const token = randomBytesOf(TOKEN_BYTES).toString('base64url')
  const expiresAtMs = clock.wallMs() + TOKEN_LIFETIME_MS
  try {
    await store.addLinkToken({ linkId, tokenHash: sha256Hex(token), expiresAtMs })
    return { token, expiresAtMs }
  } catch (error) {
    const code = error instanceof LockgateError ? error.code : undefined
    if (code === 'link_expired' || code === 'not_found') return 'closed'
    throw error
  }
}

function outgoing(
  { publicUrl }: AttemptParts,
  mail: ClaimedMail,
  link: TokenOfLink | undefined,
): OutgoingMail {
  const { name, kind, to, audience, keyId, details, createdAtMs } = mail
  return {
    ...{ name, kind, to, audience, keyId, details, createdAtMs },
    linkUrl: link === undefined ? null : `${publicUrl}/replace/${link.token}`,
    linkExpiresAtMs: link?.expiresAtMs ?? null,
  }
}

function failure(error: unknown, attempt: number, atMs: number, token?: string): MailResult {
  const problem = problemOf(error, token)
  if (error instanceof MailError && error.isFinal) return { kind: 'failed', atMs, problem }
  const delayMs = retryDelayMs(attempt)
  if (delayMs !== undefined) return { kind: 'retry', dueAtMs: atMs + delayMs, problem }
  return { kind: 'failed', atMs, problem: `given up after ${attempt} attempts: ${problem}` }
}

/** A server may quote what it refuses, and a mailer of the application's own may say anything. */
function problemOf(error: unknown, token: string | undefined): string {
  const message = error instanceof Error ? error.message : String(error)
  const masked = token === undefined ? message : message.replaceAll(token, '…')
  return masked.slice(0, MAX_PROBLEM_LENGTH)
}
