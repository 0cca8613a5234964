/** Where mails go and links lead: what is refused, and that no refusal shows a password. */
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { resolveSettings } from './resolve-settings.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** What is said against it; undefined when it is taken. */
function problemWith(config: object, env: Record<string, string> = {}): string | undefined {
  try {
    resolveSettings(config, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return undefined
}

test('what holds without a configuration', () => {
  expect(resolveSettings({}, {})).toMatchObject({
    publicUrl: 'http://127.0.0.1:8788',
    mail: {
      smtpUrl: null,
      from: 'Lockgate <lockgate@localhost.localdomain>',
      operatorCopy: null,
      folder: './outbox',
    },
    leaks: { github: null },
    anomaly: { action: 'warn', newNetworks: 8, baselineFactor: 10 },
    audit: { keepForMs: null, keepRows: null, signingKeyFile: './lockgate-audit.pem' },
    expiryRemindersMs: [14 * DAY_MS, 3 * DAY_MS, DAY_MS],
  })
})

test('all that a file may say is in the settings', () => {
  const settings = resolveSettings(
    {
      publicUrl: 'https://keys.acme.example/gate/',
      mail: {
        from: 'Acme keys <keys@acme.example>',
        operatorCopy: 'ops@acme.example',
        folder: './mails',
      },
      leaks: { github: { publicKeysUrl: 'https://ghe.acme.example/keys' } },
      anomaly: { action: 'suspend', newNetworks: 3, baselineFactor: 20 },
      audit: { keepFor: '90d', keepRows: 1_000_000, signingKeyFile: './audit.pem' },
      expiryReminders: ['1d', '7d', '1d'],
    },
    {},
  )
  expect(settings).toMatchObject({
    publicUrl: 'https://keys.acme.example/gate',
    mail: {
      from: 'Acme keys <keys@acme.example>',
      operatorCopy: 'ops@acme.example',
      folder: './mails',
    },
    leaks: { github: { publicKeysUrl: 'https://ghe.acme.example/keys' } },
    anomaly: { action: 'suspend', newNetworks: 3, baselineFactor: 20 },
    audit: { keepForMs: 90 * DAY_MS, keepRows: 1_000_000, signingKeyFile: './audit.pem' },
    expiryRemindersMs: [7 * DAY_MS, DAY_MS],
  })
})

test('short forms: GitHub by true, no reminders by false', () => {
  const { leaks, expiryRemindersMs } = resolveSettings(
    { leaks: { github: true }, expiryReminders: false },
    {},
  )
  expect(leaks.github?.publicKeysUrl).toMatch(/^https:\/\/api\.github\.com\//)
  expect(expiryRemindersMs).toEqual([])
})

describe('the environment', () => {
  test('wins over the file, and an empty variable is unset', () => {
    const file = { publicUrl: 'https://file.example' }
    const env = { LOCKGATE_PUBLIC_URL: ' https://keys.example.com/ ', LOCKGATE_SMTP_URL: ' ' }
    expect(resolveSettings(file, env)).toMatchObject({
      publicUrl: 'https://keys.example.com',
      mail: { smtpUrl: null, from: 'Lockgate <lockgate@keys.example.com>' },
    })
    expect(resolveSettings(file, { LOCKGATE_PUBLIC_URL: '' }).publicUrl).toBe(file.publicUrl)
  })

  test.each([
    'smtp://mail.example.com',
    'smtps://ada:sesame@mail.example.com:465',
    'smtp://ada%40example.com:s%2Fsame@mail.example.com:587/',
    'SMTP://127.0.0.1:25',
    'smtps://u:p@[2001:db8::1]',
    'smtp://mail_server:2525',
  ])('a server that can be used: %s', (url) => {
    expect(problemWith({}, { LOCKGATE_SMTP_URL: url })).toBeUndefined()
  })

  test.each([
    'mail.example.com',
    'http://ada:sesame@mail.example.com',
    'smtp:ada:sesame@mail.example.com',
    'smtp://ada:ses/ame@mail.example.com:587',
    'smtp://ada:ses ame@mail.example.com:587',
    'smtp://ada:sesame%@mail.example.com',
    'smtp://ada:sesame%0d%0aX@mail.example.com',
    'smtp://ada:sesame@mail.example.com:70000',
    'smtp://ada:sesame@mail.example.com:0',
    'smtp://ada:sesame@',
    'smtp://ada@mail.example.com',
    'smtp://:sesame@mail.example.com',
    'smtp://ada:sesame@mail.example.com/inbox',
    'smtp://ada:sesame@mail.example.com?rejectUnauthorized=false',
    'smtp://ada:sesame@mail.example.com#x',
    'smtp://ada:sesame@mail.example.com\r\nX: y',
  ])('one that cannot is refused without a word of it: %j', (url) => {
    const problem = problemWith({}, { LOCKGATE_SMTP_URL: url })
    expect(problem).toMatch(/^LOCKGATE_SMTP_URL: must be smtp:\/\/user:password@host:587 or /)
    expect(problem).not.toMatch(/sesame|ses.?ame|ada|mail\.example/)
  })

  test.each([
    'keys.example.com',
    'ftp://keys.example.com',
    'https://ada:sesame@keys.example.com',
    'https://keys.example.com?token=sesame',
    'https://keys.example.com/#sesame',
    'https://keys.example.com/a//b',
    'https://keys.example.com//',
    'https://keys.example.com/a b',
    'https:\\\\keys.example.com',
    'https://',
  ])('a public URL that is none is refused by where it stands: %j', (url) => {
    const byEnvironment = problemWith({}, { LOCKGATE_PUBLIC_URL: url })
    expect(byEnvironment).toMatch(/^LOCKGATE_PUBLIC_URL: must be where owners reach Lockgate/)
    const byFile = problemWith({ publicUrl: url })
    expect(byFile).toMatch(/^configuration: publicUrl: must be where owners reach Lockgate/)
    expect(`${byEnvironment}${byFile}`).not.toContain('sesame')
  })
})

const ADDRESS = 'one e-mail address'
const SENDER = 'an address such as "keys@example.com" or "Acme keys <keys@example.com>"'

test.each([
  [{ publicUrl: 1 }, 'publicUrl must be a URL such as'],
  [{ mail: 'x' }, 'mail must be an object, not "x"'],
  [{ mail: { from: 'Acme' } }, `mail.from must be ${SENDER}, not "Acme"`],
  [{ mail: { from: 'Acme <a@b.example>\r\nBcc: c@d.example' } }, `mail.from must be ${SENDER}`],
  [{ mail: { from: 'Acme\r\n <a@b.example>' } }, `mail.from must be ${SENDER}`],
  [{ mail: { from: 'a@b.example, c@d.example' } }, `mail.from must be ${SENDER}`],
  [{ mail: { from: 'Acme <a@b@c.example>' } }, `mail.from must be ${SENDER}`],
  [{ mail: { operatorCopy: 'ops' } }, `mail.operatorCopy must be ${ADDRESS}, not "ops"`],
  [{ mail: { operatorCopy: 'a@b.example,c@d.example' } }, `mail.operatorCopy must be ${ADDRESS}`],
  [{ mail: { operatorCopy: 'ops＠acme.example' } }, `mail.operatorCopy must be ${ADDRESS}`],
  [{ mail: { folder: '' } }, 'mail.folder must be a folder such as "./outbox", not ""'],
  [{ leaks: { github: 'yes' } }, 'leaks.github must be true, false, or an object'],
  [{ leaks: { github: { publicKeysUrl: 'x' } } }, 'leaks.github.publicKeysUrl must be an http(s)'],
  [{ anomaly: { action: 'block' } }, 'anomaly.action must be one of off, warn, suspend'],
  [{ anomaly: { newNetworks: 1 } }, 'anomaly.newNetworks must be a whole number from 2 to 64'],
  [{ anomaly: { newNetworks: 65 } }, 'anomaly.newNetworks must be a whole number from 2 to 64'],
  [{ anomaly: { baselineFactor: 1 } }, 'anomaly.baselineFactor must be a whole number from 2 to'],
  [{ audit: { keepFor: '23h' } }, 'audit.keepFor must be a duration such as'],
  [{ audit: { keepRows: 999 } }, 'audit.keepRows must be a whole number from 1000'],
  [{ audit: { signingKeyFile: '' } }, 'audit.signingKeyFile must be a file such as'],
  [{ expiryReminders: true }, 'expiryReminders must be a list of durations'],
  [{ expiryReminders: ['1m'] }, 'expiryReminders[0] must be a duration such as'],
])('%j is refused by name', (config, problem) => {
  expect(problemWith(config)).toMatch(/^configuration: [^\n]+$/)
  expect(problemWith(config)).toContain(`configuration: ${problem}`)
})
