/**
 * The mailer that the settings ask for: an SMTP server, or files. What it needs is loaded with the
 * first mail, so that a program that sends none starts without it.
 */
import type { Mailer } from '../core/ports/mailer.ts'
import type { MailSettings } from '../core/settings.ts'
import type { MailerOptions } from '../mail/index.ts'

export function openMailer(settings: MailSettings, options: MailerOptions = {}): Mailer {
  let loading: Promise<Mailer> | undefined
  const load = async (): Promise<Mailer> => {
    const { createMailer } = await import('../mail/index.ts')
    return createMailer(settings, options)
  }
  const loaded = (): Promise<Mailer> => {
    loading ??= load()
    return loading
  }
  return Object.freeze({
    async deliver(mail) {
      await (await loaded()).deliver(mail)
    },
    async check() {
      await (await loaded()).check()
    },
    async close() {
      await (await loading)?.close()
    },
  } satisfies Mailer)
}
