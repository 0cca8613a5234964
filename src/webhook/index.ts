/**
 * Webhooks by Standard Webhooks: an event as a signed POST, to the one receiver that is configured.
 *
 * Each attempt is a request of its own with the same `webhook-id` and a new timestamp; a receiver that
 * gets an event twice, because its answer was lost, knows it by the id. No redirect is followed: the
 * signature is for one URL. Whatever goes wrong is told by host and reason alone, because the path of
 * a receiver is often a secret itself.
 */
import { ConfigError } from '../core/errors.ts'
import type { Clock } from '../core/ports/clock.ts'
import { MailError, type OutgoingMail } from '../core/ports/mailer.ts'
import type { Webhooks } from '../core/ports/webhooks.ts'
import type { SpendAlertSettings } from '../core/settings.ts'
import { signatureOf, signingKeyOf } from './signature.ts'

const DEADLINE_MS = 10_000
const GONE = 410

export interface WebhooksOptions {
  /** For receivers of tests: how long an attempt may take; default 10 s. */
  readonly deadlineMs?: number | undefined
}

type Receiver = NonNullable<SpendAlertSettings['webhook']>

/** Connects to nothing yet. Throws a ConfigError for settings that did not come from `src/config`. */
export function createWebhooks(
  { url, secret }: Receiver,
  clock: Pick<Clock, 'wallMs'>,
  { deadlineMs = DEADLINE_MS }: WebhooksOptions = {},
): Webhooks {
  const key = signingKeyOf(secret)
  const host = hostOf(url)
  const running = new Set<Promise<void>>()

  async function post(event: OutgoingMail): Promise<void> {
    if (event.to !== url) {
      throw new MailError(`${host} is the receiver now; this event was for another`, {
        isFinal: true,
      })
    }
    const request = signed(event, key, Math.floor(clock.wallMs() / 1000))
    const signal = AbortSignal.timeout(deadlineMs)
    const response = await fetch(url, { ...request, signal, redirect: 'manual' }).catch((error) => {
      throw new MailError(`${host} ${problemOf(error, deadlineMs)}`, { isFinal: false })
    })
    await response.body?.cancel().catch(() => undefined)
    if (!response.ok) throw refused(host, response.status)
  }

  return {
    deliver(event) {
      const work = post(event)
      running.add(work)
      return work.finally(() => running.delete(work))
    },
    async close() {
      await Promise.allSettled(running)
    },
  }
}

function signed({ name: id, kind, createdAtMs, details }: OutgoingMail, key: Buffer, now: number) {
  const timestamp = new Date(createdAtMs).toISOString()
  const body = JSON.stringify({ type: kind, timestamp, data: details })
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Lockgate',
    'webhook-id': id,
    'webhook-timestamp': String(now),
    'webhook-signature': signatureOf(key, { id, timestampSeconds: now, body }),
  }
  return { method: 'POST', headers, body }
}

/**
 * 410 is the receiver's word that it wants no more. Anything else is tried again: a wrong path, a login
 * or a schema can be put right within a day.
 */
function refused(host: string, status: number): MailError {
  const isRedirect = status >= 300 && status < 400
  const hint = isRedirect ? '; name the URL it leads to in spend.alerts.webhook.url' : ''
  return new MailError(`${host} answered ${status}${hint}`, { isFinal: status === GONE })
}

function hostOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isHttp = parsed?.protocol === 'https:' || parsed?.protocol === 'http:'
  // fetch takes no URL with a login in it.
  if (parsed !== undefined && isHttp && parsed.username + parsed.password === '') return parsed.host
  throw new ConfigError(
    'spend.alerts.webhook.url: must be an http or https URL without user and password',
  )
}

/** By code: messages of clients quote URLs. */
function problemOf(error: unknown, deadlineMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `did not answer within ${deadlineMs / 1000} s`
  }
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no connection'
  return `cannot be reached (${code}); check it, and spend.alerts.webhook.url`
}
