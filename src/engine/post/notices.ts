/** From what happened to a key to the mails about it: one to its owner, and one to the operator. */
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { MailDetails, MailKind, NewMail } from '../../core/mail.ts'

export interface Notice {
  /** Unique for good; the operator's copy has `-operator` after it. */
  readonly name: string
  readonly kind: MailKind
  readonly key: KeyRecord
  /** null: there is nothing to click. */
  readonly linkId: string | null
  readonly atMs: number
  /** Beside what is said of the key. */
  readonly details: MailDetails
}

/** `operatorCopy` is an e-mail address, or null for no copy. A copy never has a link. */
export function mailsOf(notice: Notice, operatorCopy: string | null): readonly NewMail[] {
  const { name, kind, key, linkId, atMs, details } = notice
  const shared = {
    ...{ kind, keyId: key.keyId, createdAtMs: atMs },
    details: {
      ...{ key_name: key.name, tier: key.tier, mode: key.mode, scopes: key.scopes.join(' ') },
      at: new Date(atMs).toISOString(),
      ...details,
    },
  }
  const mail: NewMail = { ...shared, name, to: key.owner.email, audience: 'owner', linkId }
  if (operatorCopy === null) return [mail]
  const copy = { name: `${name}-operator`, to: operatorCopy, audience: 'operator', linkId: null }
  const copyDetails = { owner: key.owner.email, ...shared.details }
  return [mail, { ...shared, ...copy, audience: 'operator', details: copyDetails }]
}
