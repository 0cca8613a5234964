/** What became of a report, for people and as JSON: never the key, and no link. */
import type { MailSettings } from '../core/settings.ts'
import type { LeakOutcome, Post } from '../engine/gate.ts'
import { printable, say } from './output.ts'

/** Of the owner's mail. `none`: nobody is told of a key that was dealt with before. */
export type Delivery = 'sent' | 'queued' | 'none'

/** Tries the mail now, so that it does not wait for a server. */
export async function deliver(post: Post, { mailTo }: LeakOutcome): Promise<Delivery> {
  const { waiting } = await post.deliver()
  if (mailTo === null) return 'none'
  return waiting === 0 ? 'sent' : 'queued'
}

export function leakJson({ key, effect, mailTo }: LeakOutcome, delivery: Delivery): object {
  return {
    ...{ key_id: key.keyId, owner: key.owner.email, status: key.status, effect },
    ...{ mail_to: mailTo, mail: delivery },
  }
}

export async function sayLeak(
  { key, effect, mailTo }: LeakOutcome,
  delivery: Delivery,
  mail: MailSettings,
): Promise<void> {
  await say(`${key.keyId} ${WHAT[effect]}`)
  if (mailTo !== null) await say(mailLine(printable(mailTo), delivery, mail))
}

const WHAT: Readonly<Record<LeakOutcome['effect'], string>> = {
  revoked: 'is revoked: its next request gets 401.',
  noted: 'was revoked before; that it leaked is in the audit log now.',
  none: 'was reported before; nothing was changed.',
}

function mailLine(owner: string, delivery: Delivery, { smtpUrl, folder }: MailSettings): string {
  if (delivery === 'queued') {
    return `The mail to ${owner} could not be sent yet; "lockgate serve" goes on trying, and "lockgate doctor" says more.`
  }
  if (smtpUrl !== null) return `A mail with a link to a new key is on its way to ${owner}.`
  return `There is no mail server (LOCKGATE_SMTP_URL): the mail to ${owner} lies in ${printable(folder)}.`
}
