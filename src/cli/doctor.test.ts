import { chmodSync, mkdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Folder, newFolder } from '../../tests/cli/command-line.ts'
import { startSmtp } from '../../tests/servers/smtp.ts'

/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 60_000 }
const FAST_HASH = { argon2id: { memoryKiB: 64, passes: 1 } }

interface Report {
  readonly code: number | null
  readonly statuses: Readonly<Record<string, string>>
}

async function doctor(folder: Folder, env: Record<string, string> = {}): Promise<Report> {
  const { code, out, err } = await folder.runWith(env, 'doctor', '--json')
  expect(err).toBe('')
  const findings: { check: string; status: string }[] = JSON.parse(out)
  return {
    code,
    statuses: Object.fromEntries(findings.map(({ check, status }) => [check, status])),
  }
}

const withConfig = (config: object) => newFolder({ 'lockgate.config.json': JSON.stringify(config) })

describe('lockgate doctor', SLOW, () => {
  test('a sound project: what is unusual is a warning, the exit code 0', async () => {
    const folder = withConfig({ keys: { prefix: 'acme' } })
    await folder.run('init')
    const { code, statuses } = await doctor(folder)
    expect(statuses).toEqual({
      ...{
        node: 'ok',
        config_file: 'ok',
        spend: 'warn',
        key_prefix: 'ok',
        hash_parameters: 'ok',
        tiers: 'ok',
      },
      ...{ address_limits: 'ok', trusted_proxies: 'ok', upstream_headers: 'ok', upstream: 'warn' },
      ...{ database_mode: 'ok', database: 'ok', audit_log: 'ok', clock: 'ok' },
      ...{ key_tiers: 'ok', mail: 'warn', public_url: 'ok', audit_signing_key: 'ok' },
    })
    expect(code).toBe(0)
  })

  test('nothing is created: a missing database is a warning, twice', async () => {
    const folder = newFolder()
    expect((await doctor(folder)).statuses['database']).toBe('warn')
    expect((await doctor(folder)).statuses['database']).toBe('warn')
  })

  test('a key whose tier is no longer configured is named', async () => {
    const tiers = { team: { limits: [{ name: 'minute', quota: 5, window: '1m' }] } }
    const folder = withConfig({ tiers })
    await folder.run('keys', 'create', '--owner', 'ada@example.com', '--tier', 'team')
    expect((await doctor(folder)).statuses['key_tiers']).toBe('ok')
    folder.write('lockgate.config.json', '{}')
    const { code, statuses } = await doctor(folder)
    expect([code, statuses['key_tiers']]).toEqual([1, 'fail'])
  })

  test('what is unsafe by configuration', async () => {
    const { code, statuses } = await doctor(
      withConfig({ keys: FAST_HASH, ip: false, tiers: { open: { limits: [] } } }),
    )
    expect(code).toBe(0)
    expect(statuses).toMatchObject({
      ...{ key_prefix: 'warn', hash_parameters: 'warn', address_limits: 'warn', tiers: 'warn' },
    })
    const bcrypt = await doctor(withConfig({ keys: { hash: 'bcrypt', bcrypt: { cost: 4 } } }))
    expect(bcrypt.statuses['hash_parameters']).toBe('warn')
    const trusting = await doctor(withConfig({ ip: { trustedProxies: ['0.0.0.0/0'] } }))
    expect([trusting.code, trusting.statuses['trusted_proxies']]).toEqual([1, 'fail'])
  })

  test('a configuration that is refused, an upstream that is down', async () => {
    const misspelt = await doctor(withConfig({ upstrem: 'x' }))
    expect([misspelt.code, misspelt.statuses['config_file']]).toEqual([1, 'fail'])
    const down = await doctor(withConfig({ upstream: 'http://127.0.0.1:1' }))
    expect([down.code, down.statuses['upstream']]).toEqual([1, 'fail'])
  })

  test('files that others can read: the database, a credential in the configuration', async () => {
    const folder = withConfig({ upstreamHeaders: { authorization: 'Bearer sesame-sesame-sesame' } })
    await folder.run('init')
    chmodSync(folder.file('lockgate.db'), 0o644)
    chmodSync(folder.file('lockgate.config.json'), 0o644)
    const open = await doctor(folder)
    expect(open).toMatchObject({
      code: 1,
      statuses: { database_mode: 'fail', config_file: 'warn' },
    })
    chmodSync(folder.file('lockgate.db'), 0o600)
    chmodSync(folder.file('lockgate.config.json'), 0o600)
    const closed = await doctor(folder)
    expect(closed).toMatchObject({ code: 0, statuses: { database_mode: 'ok', config_file: 'ok' } })
  })

  test('mail: a server that answers, one that does not, a folder that others look into', async () => {
    const server = await startSmtp({ login: { user: 'keys', password: 'sesame' } })
    const right = await doctor(newFolder(), { LOCKGATE_SMTP_URL: server.url })
    expect(right.statuses).toMatchObject({ mail: 'ok', public_url: 'warn' })
    const wrong = await newFolder().runWith(
      { LOCKGATE_SMTP_URL: server.url.replace('sesame', 'simsim') },
      'doctor',
    )
    await server.stop()
    expect(wrong.code).toBe(1)
    expect(wrong.out).toMatch(/fail {2}mail +127\.0\.0\.1:\d+ refused the login: 535/)
    expect(wrong.out).not.toMatch(/sesame|simsim/)
    const folder = newFolder()
    mkdirSync(folder.file('outbox'), { mode: 0o755 })
    const open = await folder.run('doctor')
    expect(open.out).toMatch(/warn {2}mail +other users can look into \.\/outbox; run "chmod 700/)
  })

  test('links that lead nowhere, or over the network in clear', async () => {
    const mail = { LOCKGATE_SMTP_URL: 'smtp://127.0.0.1:1' }
    const statusOf = async (url: string): Promise<string | undefined> =>
      (await doctor(newFolder(), { ...mail, LOCKGATE_PUBLIC_URL: url })).statuses['public_url']
    expect(await statusOf('http://localhost:8788')).toBe('warn')
    expect(await statusOf('http://keys.example.com')).toBe('warn')
    expect(await statusOf('https://keys.example.com')).toBe('ok')
  })

  test('the key that signs the audit log: who can read it, and whether it is one', async () => {
    const folder = newFolder()
    await folder.run('keys', 'create', '--owner', 'ada@example.com')
    await folder.run('audit', 'head', '--out', 'heads.json')
    const status = async () => (await doctor(folder)).statuses['audit_signing_key']
    const modes: [number, string][] = []
    for (const mode of [0o600, 0o440, 0o644]) {
      chmodSync(folder.file('lockgate-audit.pem'), mode)
      modes.push([mode, (await status()) ?? ''])
    }
    expect(modes).toEqual([
      [0o600, 'ok'],
      [0o440, 'warn'],
      [0o644, 'fail'],
    ])
    chmodSync(folder.file('lockgate-audit.pem'), 0o600)
    folder.write('lockgate-audit.pem', 'no key')
    expect(await status()).toBe('fail')
  })

  test('a database that is none', async () => {
    const folder = newFolder({ 'lockgate.db': 'this is no database, however long it may be' })
    const { code, statuses } = await doctor(folder)
    expect([code, statuses['database']]).toEqual([1, 'fail'])
  })
})
