import { expect, test } from 'vitest'
import { resolveSettings } from '../config/index.ts'
import type { SpendConfig } from '../config/spend-config.ts'
import type { Settings } from '../core/settings.ts'
import { settingsDigests } from './settings-digests.ts'

const settings = (config: Parameters<typeof resolveSettings>[0], env = {}): Settings =>
  resolveSettings(config, env, {})

const changedBetween = (a: Settings, b: Settings): string[] => {
  const [before, after] = [settingsDigests(a), settingsDigests(b)]
  return Object.keys(before).filter((name) => before[name] !== after[name])
}

const BASE = settings({ upstream: 'http://127.0.0.1:3000' })

test('equal settings have equal digests, whatever the order of their members', () => {
  const tier = { limits: [{ name: 'minute', quota: 5, window: '1m' }] } as const
  const one = settings({ keys: { prefix: 'acme', hash: 'bcrypt' }, tiers: { free: tier } })
  const other = settings({
    tiers: { free: { limits: [{ window: '1m', quota: 5, name: 'minute' }] } },
    keys: { hash: 'bcrypt', prefix: 'acme' },
  })
  expect(settingsDigests(one)).toEqual(settingsDigests(other))
})

test('a change shows in its section and in no other', () => {
  const upstream = 'http://127.0.0.1:3000'
  expect(changedBetween(BASE, settings({ upstream, outage: 'closed' }))).toEqual(['outage'])
  expect(changedBetween(BASE, settings({ upstream, ip: false }))).toEqual(['ip'])
  expect(changedBetween(BASE, settings({ upstream: 'http://127.0.0.1:3001' }))).toEqual(['gateway'])
  expect(changedBetween(BASE, settings({ upstream, audit: { keepFor: '90d' } }))).toEqual(['audit'])
  const free = { limits: [{ name: 'minute', quota: 61, window: '1m' }] } as const
  expect(changedBetween(BASE, settings({ upstream, tiers: { free } }))).toEqual(['tiers'])
})

test('every member of the settings belongs to a section', () => {
  const BASE = settings({ upstream: 'http://127.0.0.1:3000', spend: {} })
  for (const name of Object.keys(BASE) as (keyof Settings)[]) {
    // Only `gateway` has members that count in part, which the next test is about.
    const value = name === 'tiers' ? new Map() : name === 'redis' ? { url: null } : null
    if (['gateway', 'mail', 'leaks'].includes(name)) continue
    const isText = name === 'databaseUrl' || name === 'publicUrl'
    const other = { ...BASE, [name]: isText ? 'http://other.example' : value } as Settings
    const isSame = JSON.stringify(BASE[name]) === JSON.stringify(other[name]) && name !== 'tiers'
    if (!isSame) expect([name, changedBetween(BASE, other).length]).toEqual([name, 1])
  }
})

test('money shows as spend: prices and caps; those of a tier as tiers', () => {
  const spend = (config: SpendConfig) =>
    settings({ upstream: 'http://127.0.0.1:3000', spend: config })
  const price = (input: number) => ({ prices: { m: { input, output: 1 } } })
  expect(changedBetween(BASE, spend({}))).toEqual(['spend'])
  expect(changedBetween(spend(price(1)), spend(price(2)))).toEqual(['spend'])
  expect(
    changedBetween(spend({ account: { perDay: '$5' } }), spend({ account: { perDay: '$6' } })),
  ).toEqual(['spend'])
  const tier = (perDay: string) => settings({ tiers: { free: { limits: [], spend: { perDay } } } })
  expect(changedBetween(tier('$1'), tier('$2'))).toEqual(['tiers'])
})

test('no secret has a say: passwords, queries and upstream credentials may differ unseen', () => {
  const withSecrets = (secret: string) =>
    settings(
      {
        upstream: 'http://127.0.0.1:3000',
        upstreamHeaders: { authorization: `Bearer ${secret}` },
        databaseUrl: `postgres://lockgate:${secret}@db.internal/lockgate`,
        spend: { alerts: { webhook: webhookOf(secret) } },
      },
      {
        LOCKGATE_SMTP_URL: `smtp://keys:${secret}@mail.example:587`,
        LOCKGATE_REDIS_URL: `redis://:${secret}@redis.internal:6379`,
      },
    )
  // Base64 of enough bytes, whatever the secret.
  const webhookOf = (secret: string) => ({
    url: `https://hooks.example/?token=${secret}`,
    secret: `whsec_${Buffer.from(secret.repeat(3)).toString('base64')}`,
  })
  expect(changedBetween(withSecrets('first-secret'), withSecrets('second-secret'))).toEqual([])
  const digests = Object.values(settingsDigests(withSecrets('first-secret')))
  for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{16}$/)
})
