/** What a mail is: headers, two parts that say the same, and nothing of what others wrote obeyed. */
import { simpleParser } from 'mailparser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  allMails,
  copyOf,
  expiringMail,
  LINK_TOKEN,
  leakedMail,
  suspiciousMail,
} from '../../tests/mail/sample-mail.ts'
import { type SmtpServer, startSmtp } from '../../tests/servers/smtp.ts'
import type { OutgoingMail } from '../core/ports/mailer.ts'
import { createMailer } from './index.ts'
import { letterOf } from './letters/index.ts'
import { messageOf } from './message.ts'
import { renderHtml } from './render-html.ts'
import { renderText } from './render-text.ts'

const FROM = { name: 'Acme keys', address: 'keys@acme.example' }

/** The words that a reader of the HTML sees, without a mail program's help. */
function wordsOf(html: string): string[] {
  const text = html
    .replace(/<title>.*<\/title>|<style>[\s\S]*<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
  return text.split(/\s+/).filter((word) => word !== '')
}

const tagsOf = (html: string): string[] => html.match(/<[^>]*>/g) ?? []

describe.each(allMails().map((mail) => [`${mail.kind} for the ${mail.audience}`, mail] as const))(
  '%s',
  (_title, mail) => {
    const letter = letterOf(mail)

    test('text and HTML say the same', () => {
      const plain = renderText(letter).replace(/^-- $/m, '').replace(/:\s/g, ' ')
      const html = wordsOf(renderHtml(letter)).join(' ').replace(/:\s/g, ' ')
      expect(plain.split(/\s+/).filter(Boolean)).toEqual(html.split(' '))
    })

    test('the subject begins with what matters and fits', () => {
      expect(letter.subject.length).toBeLessThan(78)
      expect(letter.subject).toMatch(
        /^(Leaked and revoked|Unusual use|Suspended for|Expires in|\d+% of the spend cap|The spend cap)/,
      )
      expect(letter.subject).toContain(mail.keyId)
    })

    test('a link is there once to click and once to read, and only in the owner’s', () => {
      const links = renderHtml(letter).match(/href="[^"]*"/g) ?? []
      expect(links).toEqual(mail.linkUrl === null ? [] : [`href="${mail.linkUrl}"`])
      const said = `${letter.subject}${renderText(letter)}`.split(LINK_TOKEN).length - 1
      expect(said).toBe(mail.linkUrl === null ? 0 : 1)
      const lines = renderText(letter).split('\n')
      expect(lines.includes(mail.linkUrl ?? '')).toBe(true)
    })

    test('nothing is loaded, run or measured', () => {
      expect(renderHtml(letter)).not.toMatch(
        /<img|<script|<link|<iframe|url\(|@import|src=|\bon\w+=/i,
      )
    })

    test('times are written for people, in UTC', () => {
      expect(renderText(letter)).toMatch(/\d{1,2} (November|December) 2026, 13:14 UTC/)
      expect(renderText(letter)).not.toMatch(/\d{4}-\d\d-\d\d|undefined|null|NaN/)
    })
  },
)

test('what each kind tells its owner', () => {
  expect(renderText(letterOf(leakedMail()))).toContain('every request with it gets 401')
  const warned = renderText(letterOf(suspiciousMail()))
  expect(warned).toContain('It still works.')
  expect(warned).toMatch(/If this is you, keep the key\.\s+If it is not,\s+replace it/)
  const suspended = renderText(letterOf(suspiciousMail({ details: { suspended: true } })))
  expect(suspended).toContain('It is suspended')
  expect(letterOf(expiringMail({ details: { days_left: 1 } })).title).toContain('in 1 day')
  expect(renderText(letterOf(leakedMail({ linkUrl: null })))).toContain(
    'Ask whoever gave you the key',
  )
})

test.each(['owner', 'operator'] as const)(
  'a reminder to the %s proposes what gives more time',
  (audience) => {
    const text = renderText(letterOf(expiringMail({ audience })))
    expect(text).not.toContain('keys rotate')
    expect(text).toMatch(audience === 'owner' ? /for a\s+new one/ : /lockgate\s+keys\s+create/)
  },
)

test('a copy never has a link, whatever it is given', () => {
  const linkUrl = `https://x.example/replace/${LINK_TOKEN}`
  for (const mail of [leakedMail(), suspiciousMail(), expiringMail()]) {
    const letter = letterOf({ ...copyOf(mail), linkUrl })
    expect(`${renderText(letter)}${renderHtml(letter)}`).not.toContain(LINK_TOKEN)
  }
})

test('details that are missing leave no gap', () => {
  for (const mail of allMails()) {
    const bare = { ...mail, details: {} }
    expect(renderText(letterOf(bare))).not.toMatch(/undefined|null|NaN| [.,:]/)
    expect(letterOf(bare).facts.filter(({ value }) => value === '')).toEqual([])
    expect(letterOf(bare).subject).toContain(mail.keyId)
  }
})

test('headers say that nobody wrote it, and which mail it is', async () => {
  const raw = await messageOf(leakedMail(), FROM)
  const mail = await simpleParser(raw)
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
  expect(mail.headers.get('x-auto-response-suppress')).toBe('All')
  expect(mail.messageId).toBe('<leaked-7Hq2mZ9x@acme.example>')
  expect(mail.date?.getTime()).toBe(Math.floor(leakedMail().createdAtMs / 1000) * 1000)
  expect(mail.from?.text).toBe('"Acme keys" <keys@acme.example>')
  expect([...mail.headers.keys()].sort()).toEqual([
    ...['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version'],
    ...['subject', 'to', 'x-auto-response-suppress'],
  ])
})

test('a name of the sender in any script arrives as it is', async () => {
  const raw = await messageOf(leakedMail(), { ...FROM, name: 'Größe, ключи' })
  expect((await simpleParser(raw)).from?.value).toEqual([
    { name: 'Größe, ключи', address: 'keys@acme.example' },
  ])
})

describe('what others wrote is shown, never obeyed', () => {
  let server: SmtpServer
  beforeAll(async () => {
    server = await startSmtp()
  })
  afterAll(() => server.stop())

  const SEEDS = [
    ...['\r\nBcc: eve@evil.example', '\nBcc: eve@evil.example', '\rBcc: eve@evil.example'],
    ...['\r\n\r\n<script>alert(1)</script>', '\r\n.\r\nMAIL FROM:<eve@evil.example>', '\n.\n', '.'],
    ...[
      '\u0085Bcc: eve@evil.example',
      '\u2028Bcc: x',
      '\u2029Bcc: x',
      '\0',
      '\u001b[31m',
      '\u007f',
    ],
    ...[
      '=?utf-8?q?=0d=0aBcc=3a_eve=40evil.example?=',
      '=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=',
    ],
    ...['<img src=x onerror=alert(1)>', '</title><script>alert(1)</script>', '</style><b>', '<!--'],
    ...[
      '"><a href="https://evil.example">',
      "'onmouseover='alert(1)",
      '&lt;b&gt;',
      '&#13;&#10;',
      '<',
    ],
    ...['ada\uFF20example.com', 'ada\uFE6Bexample.com', 'ad\u0430@example.com', '"ada"@x, eve@y'],
    ...[
      '\u202Egpj.exe',
      '\u2066x\u2069',
      '\u200Bx\u200D',
      '\uFEFF',
      '\u061C',
      'שלום עולם',
      'مفتاح',
    ],
    ...[
      '\uD800',
      '\uDFFF',
      '🔑'.repeat(60),
      'é'.repeat(300),
      'a'.repeat(5_000),
      'a '.repeat(2_000),
    ],
    ...[
      'javascript:alert(1)',
      'https://evil.example/replace/x',
      '{{7*7}}',
      `${'$'}{7*7}`,
      '%0d%0a',
    ],
    ...[
      '--_NmP-1-Part_1--',
      'Content-Type: text/html',
      '\t\tfolded',
      '   ',
      'From eve@evil.example',
    ],
  ]
  const WRAPS: readonly ((seed: string) => string)[] = [
    (seed) => seed,
    (seed) => `laptop${seed}`,
    (seed) => `${seed}laptop`,
    (seed) => `laptop${seed}${seed}x`,
    (seed) => `${'x'.repeat(70)}${seed}`,
    (seed) => `Größe ${seed}`,
    (seed) => `${seed}\r\n ${seed}`,
    (seed) => `"${seed}" <${seed}>`,
    (seed) => `${seed};${seed},${seed}`,
    (seed) => `\u{1F511}${seed}`,
  ]
  const PAYLOADS = WRAPS.flatMap((wrap) => SEEDS.map(wrap))
  const MEMBERS = ['key_name', 'where', 'scopes', 'tier', 'source', 'owner', 'mode', 'at'] as const
  const CLEAN = leakedMail({ details: { owner: 'ada@example.com' } })

  const withPayload = (payload: string, index: number): OutgoingMail =>
    leakedMail({
      name: `leaked-${index}`,
      details: Object.fromEntries(MEMBERS.map((member) => [member, payload])),
    })
  /** Most of a delivery is waiting for the other side. */
  const AT_ONCE = 25

  test('500 payloads and more, each through a real server', { timeout: 300_000 }, async () => {
    expect(PAYLOADS.length).toBeGreaterThanOrEqual(500)
    const { url: smtpUrl } = server
    const from = 'Acme keys <keys@acme.example>'
    const mailer = createMailer({ smtpUrl, from, operatorCopy: null, folder: './outbox' })
    const cleanHeaders = headerNames((await messageOf(CLEAN, FROM)).toString())
    const cleanTags = tagsOf(renderHtml(letterOf(CLEAN)))

    const mails = PAYLOADS.map(withPayload)
    for (let start = 0; start < mails.length; start += AT_ONCE) {
      const group = mails.slice(start, start + AT_ONCE)
      await Promise.all(group.map((mail) => mailer.deliver(mail)))
    }
    for (const [index, payload] of PAYLOADS.entries()) {
      const id = `<leaked-${index}@acme.example>`
      const received = server.mails.find(({ messageId }) => messageId === id)
      if (received === undefined) throw new Error('nothing came')
      const said = JSON.stringify(payload)
      expect(received.deliveredTo, said).toEqual(['ada@example.com'])
      expect(headerNames(received.raw), said).toEqual(cleanHeaders)
      expect(received.subject?.length, said).toBeLessThan(78)
      expect(received.subject, said).toMatch(/^Leaked and revoked: your API key 7Hq2mZ9x/)
      expect(received.to, said).toMatchObject({ value: [{ address: 'ada@example.com', name: '' }] })
      expect(received.attachments, said).toEqual([])
      expect(received.raw, said).not.toMatch(/[^\x20-\x7e\r\n]/)
      const visible = `${received.subject}${received.text}${received.html}`.replaceAll('\n', '')
      expect(visible, said).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      const tags = tagsOf(String(received.html))
      const expected = payload.trim() === '' ? tags : cleanTags
      expect(tags, said).toEqual(expected)
      expect(received.text?.match(/https:\/\/keys\.acme\.example/g), said).toHaveLength(1)
    }
    expect(server.mails).toHaveLength(PAYLOADS.length)
  })

  test.each([
    ...[
      'ada',
      '@',
      'ada@',
      '@example.com',
      'ada@b@example.com',
      'ada@example.com,eve@evil.example',
    ],
    ...['ada@example.com\r\nBcc: eve@evil.example', 'ada@example.com\n', 'ada @example.com'],
    ...['Ada <ada@example.com>', '<ada@example.com>', '"ada"@example.com', 'ada;eve@example.com'],
    ...['ada\uFF20example.com', 'ada\uFE6Bexample.com', 'ad\u0430@example.com', 'ada@exämple.com'],
    ...['ada@example.com> SIZE=1', 'ada@[127.0.0.1]', `${'a'.repeat(255)}@example.com`, ''],
  ])('a mail to %j is refused for good, and nothing is sent', async (to) => {
    const before = server.connections()
    const { url: smtpUrl } = server
    const mailer = createMailer({ smtpUrl, from: FROM.address, operatorCopy: null, folder: '.' })
    await expect(mailer.deliver(leakedMail({ to }))).rejects.toMatchObject({
      name: 'MailError',
      isFinal: true,
    })
    expect(server.connections()).toBe(before)
  })
})

/** Of the message and of its parts, in order. */
function headerNames(raw: string): string[] {
  const boundary = /boundary="([^"]+)"/.exec(raw)?.[1] ?? 'none'
  const heads = raw.split(`\r\n--${boundary}`).map((part) => part.split('\r\n\r\n')[0] ?? '')
  return heads.flatMap((head) =>
    head.split('\r\n').flatMap((line) => /^([^\s:]+):/.exec(line)?.[1] ?? []),
  )
}
