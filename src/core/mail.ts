/**
 * Mail, as it waits in the store and as it is handed to whoever delivers it. What waits holds no
 * secret: the token of a link is made when the mail is sent, so a stolen database opens no link.
 */

export const MAIL_KINDS = ['key.leaked', 'key.suspicious', 'key.expiring', 'spend.alert'] as const

export type MailKind = (typeof MAIL_KINDS)[number]

export type MailDetails = Readonly<Record<string, string | number | boolean | null>>

export interface NewMail {
  /** Unique for good, such as `leaked-7Hq2mZ9x`: a second mail of the same name is not taken. */
  readonly name: string
  readonly kind: MailKind
  /** One e-mail address; for a webhook its URL. */
  readonly to: string
  /**
   * `operator`: a copy for whoever runs the service. It never has a link. `webhook`: not a mail at all,
   * but kept and tried again like one.
   */
  readonly audience: 'owner' | 'operator' | 'webhook'
  /** Empty where it is about no key. */
  readonly keyId: string
  /** The link that the mail opens; a token of its own is made at each attempt. null: no link. */
  readonly linkId: string | null
  /** What the text says: names, times, addresses. Flat. */
  readonly details: MailDetails
  readonly createdAtMs: number
}

/** A mail that was taken from the queue for one attempt. */
export interface ClaimedMail extends NewMail {
  /** 1 for the first attempt. */
  readonly attempt: number
}

/** What became of an attempt. */
export type MailResult =
  | { readonly kind: 'sent'; readonly atMs: number }
  | { readonly kind: 'retry'; readonly dueAtMs: number; readonly problem: string }
  /** Never tried again: the server refused it for good, or it failed too often. */
  | { readonly kind: 'failed'; readonly atMs: number; readonly problem: string }

/** A mail as it is kept, sent or not. */
export interface KeptMail extends NewMail {
  readonly state: 'waiting' | 'sent' | 'failed'
  /** While it waits: when the next attempt may begin. */
  readonly dueAtMs: number
  readonly attempts: number
  /** Why the last attempt failed. */
  readonly problem: string | null
  /** When it was sent, or given up. */
  readonly settledAtMs: number | null
}

export interface MailQueueState {
  readonly waiting: number
  readonly failed: number
  /** When the oldest of those that wait was created; null when none waits. */
  readonly oldestCreatedAtMs: number | null
}
