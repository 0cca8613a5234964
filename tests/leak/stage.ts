/**
 * A leak as it happens: `lockgate serve` as a process, a mail server, a browser, another site. Each
 * leak has an owner and a key of its own.
 */
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { resolveSettings } from '../../src/config/index.ts'
import { openGate } from '../../src/lockgate.ts'
import { type Serving, serve } from '../e2e/serving.ts'
import { launchChromium } from '../servers/chromium.ts'
import { type ReceivedMail, type SmtpServer, startSmtp } from '../servers/smtp.ts'
import { type Stranger, startStranger } from './stranger.ts'

const WHERE = 'https://github.com/acme/site/blob/main/src/config.ts#L12'

export interface Leak {
  readonly key: string
  readonly keyId: string
  readonly owner: string
  readonly mail: ReceivedMail
  /** Of the mail. */
  readonly link: string
  readonly token: string
  /** From the report to the mail in the server. */
  readonly mailAfterMs: number
}

export interface Stage {
  readonly serving: Serving
  readonly smtp: SmtpServer
  readonly browser: Browser
  readonly stranger: Stranger
  issue(owner: string): Promise<{ readonly key: string; readonly keyId: string }>
  /** A key that was used, and then reported by somebody who holds it. */
  leak(owner: string): Promise<Leak>
  /** The status of a request to the API; through a proxy, where it says who sends it. */
  ask(key: string, from?: string): Promise<number>
  /** `lockgate keys show`. */
  show(keyId: string): Promise<Readonly<Record<string, unknown>>>
  /** The events of a key, oldest first, with their details. */
  audit(keyId: string): Promise<readonly AuditLine[]>
  stop(): Promise<void>
}

export interface AuditLine {
  readonly event: string
  readonly details: Readonly<Record<string, unknown>>
}

/** `config` is that of the server. */
export async function setStage(config: object = {}): Promise<Stage> {
  const smtp = await startSmtp()
  const [serving, browser, stranger] = await Promise.all([
    serve(config, { LOCKGATE_SMTP_URL: smtp.url, LOCKGATE_LOG_LEVEL: 'debug' }),
    launchChromium(),
    startStranger(),
  ])
  // Another process on the same database: what it does, the server must know on the next request.
  const databaseUrl = `sqlite:${join(serving.folder, 'lockgate.db')}`
  const gate = await openGate(resolveSettings({}, {}, { databaseUrl }), { chores: false })

  const ask = async (key: string, from?: string): Promise<number> => {
    const proxied = from === undefined ? {} : { 'x-forwarded-for': from }
    const headers = { authorization: `Bearer ${key}`, ...proxied }
    return (await fetch(serving.url, { headers })).status
  }

  async function issue(owner: string): Promise<{ key: string; keyId: string }> {
    const rights = { tier: 'paid', scopes: ['read', 'write'], name: 'Billing worker' }
    const { key, record } = await gate.keys.issue({ owner, ...rights })
    return { key, keyId: record.keyId }
  }

  async function leak(owner: string): Promise<Leak> {
    const { key, keyId } = await issue(owner)
    if ((await ask(key)) !== 200) throw new Error('the key does not work')
    const reportedAtMs = Date.now()
    await report(serving, key)
    const mail = await newestMailTo(smtp, owner)
    const link = linkIn(mail)
    const mailAfterMs = mail.receivedAtMs - reportedAtMs
    return { key, keyId, owner, mail, link, token: link.slice(-43), mailAfterMs }
  }

  return {
    ...{ serving, smtp, browser, stranger, issue, leak, ask },
    show: async (keyId) => JSON.parse(await serving.cli('keys', 'show', keyId, '--json')),
    async audit(keyId) {
      const lines = await serving.cli('audit', 'list', '--key', keyId, '--json')
      return lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    },
    async stop() {
      await gate.close()
      await browser.close()
      await stranger.close()
      await serving.stop()
      await smtp.stop()
    },
  }
}

/** The mail to this owner that is the `count`th, once it has come. */
export async function newestMailTo(
  smtp: SmtpServer,
  owner: string,
  count = 1,
): Promise<ReceivedMail> {
  const mail = (await smtp.mailsTo(owner, count)).at(-1)
  if (mail === undefined) throw new Error(`no mail to ${owner}`)
  return mail
}

export function linkIn({ text = '' }: ReceivedMail): string {
  const link = /http:\S+\/replace\/[\w-]{43}/.exec(text)?.[0]
  if (link === undefined) throw new Error(`no link in ${text}`)
  return link
}

/** By whoever found it: the key is all they have. */
async function report({ adminUrl }: Serving, key: string): Promise<void> {
  const answer = await fetch(`${adminUrl}/v1/leaks`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key, where: WHERE }),
  })
  if (answer.status !== 200) throw new Error(`refused: ${await answer.text()}`)
}
