/** Checks of `lockgate doctor` about mails to owners: whether they leave, and where their links lead. */
import { existsSync, statSync } from 'node:fs'
import { isLoopbackHost } from '../../core/loopback.ts'
import type { MailSettings, Settings } from '../../core/settings.ts'
import { parseSmtpUrl } from '../../core/smtp-url.ts'
import { createMailer } from '../../mail/index.ts'
import { caution, type Finding, fail, ok } from './finding.ts'

const ANYONE_ELSE = 0o077

/** Logs in and out again; sends nothing. */
export async function mailFinding(mail: MailSettings): Promise<Finding> {
  const mailer = createMailer(mail)
  try {
    await mailer.check()
    return mail.smtpUrl === null ? folderFinding(mail.folder) : ok('mail', serverText(mail.smtpUrl))
  } catch (error) {
    return fail('mail', `${error instanceof Error ? error.message : String(error)}`)
  } finally {
    await mailer.close()
  }
}

function serverText(smtpUrl: string): string {
  const { host, port, login } = parseSmtpUrl(smtpUrl, 'LOCKGATE_SMTP_URL')
  return `${host}:${port} ${login === null ? 'answers' : 'lets us in'}`
}

/** Files hold links that work. */
function folderFinding(folder: string): Finding {
  const isOpen = existsSync(folder) && (statSync(folder).mode & ANYONE_ELSE) !== 0
  if (isOpen && process.platform !== 'win32') {
    return caution('mail', `other users can look into ${folder}; run "chmod 700 ${folder}"`)
  }
  return caution('mail', `written to ${folder} and sent to nobody; set LOCKGATE_SMTP_URL`)
}

/** Owners open these links elsewhere, and a link is as good as a key for a day. */
export function publicUrlFinding({ publicUrl, mail }: Settings): Finding {
  const { protocol, hostname } = new URL(publicUrl)
  const isHere = isLoopbackHost(hostname)
  if (isHere && mail.smtpUrl !== null) {
    return caution(
      'public_url',
      `links in mails lead to ${publicUrl}, which is this machine; set LOCKGATE_PUBLIC_URL to where owners reach it`,
    )
  }
  if (protocol === 'http:' && !isHere) {
    return caution('public_url', `${publicUrl} shows links and new keys to the network; use https`)
  }
  return ok('public_url', publicUrl)
}
