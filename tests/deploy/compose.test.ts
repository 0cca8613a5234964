/** compose.yaml: a sound Compose file, and one that agrees with what it runs. */
import { join } from 'node:path'
import { DCLinter } from 'dclint'
import ipaddr from 'ipaddr.js'
import { describe, expect, test } from 'vitest'
import { composeFile, networksOf, serviceOf } from './compose.ts'
import { FLUSH_MS, FOLDER, milliseconds, read, settingsOf, unknownArguments } from './files.ts'

const services = Object.entries(composeFile.services)
const VARIABLE = /\$\{([A-Z_]+)(?::[?-][^}]*)?\}/g
const used = new Set([...read('compose.yaml').matchAll(VARIABLE)].map(([, name]) => name))
const example = new Map(
  read('.env.example')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line))
    .map((line): [string, string] => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')]),
)

/** The environment of a gateway when .env is filled in. */
const environment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(serviceOf('gateway-a').environment ?? {}).map(([name, value]) => [
      name,
      value.replaceAll(VARIABLE, (_, variable: string) => example.get(variable) || 'c0ffee'),
    ]),
  )

/** The package's own types lead nowhere under this module resolution. */
interface Result {
  readonly messages: readonly {
    readonly line: number
    readonly rule: string
    readonly message: string
  }[]
}

test('fits the schema of Compose files, and a linter finds nothing', () => {
  // The order of keys is that of a request, and Caddy is there to be reached: a test below says by whom.
  const order = ['service-keys-order', 'services-alphabetical-order', 'top-level-properties-order']
  const off = [...order, 'no-unbound-port-interfaces']
  const rules = {
    ...Object.fromEntries(off.map((name) => [name, 0])),
    'require-quotes-in-ports': [1, { quoteType: 'double' }],
  }
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] })
  const results: readonly Result[] = linter.lintFiles([join(FOLDER, 'compose.yaml')], false)
  expect(results).toHaveLength(1)
  const messages = results.flatMap((result) => result.messages)
  expect(messages.map(({ line, rule, message }) => `${line}: ${rule}: ${message}`)).toEqual([])
})

test('every image has a tag, and none is "latest"', () => {
  for (const [name, { image }] of services) {
    expect(image, name).toMatch(/^[a-z/-]+:[\w.-]+$/)
    expect(image, name).not.toMatch(/:latest$/)
  }
})

test('.env.example names the variables that are used, and no secret is filled in', () => {
  expect([...example.keys()].sort()).toEqual([...used].sort())
  const filledIn = [...example].filter(([, value]) => value !== '').map(([name]) => name)
  expect(filledIn.sort()).toEqual(['GATEWAY_DOMAIN', 'LOCKGATE_LOG_LEVEL', 'UPSTREAM_URL'])
})

describe('from outside', () => {
  test('only Caddy can be reached', () => {
    const published = services.filter(([, { ports = [] }]) => ports.length > 0)
    expect(published.map(([name]) => name)).toEqual(['caddy'])
    expect(serviceOf('caddy').ports).toEqual(['80:80', '443:443', '443:443/udp'])
  })

  test('the databases are on a network without a way out, and Caddy is not on it', () => {
    expect(composeFile.networks.data.internal).toBe(true)
    const on = (network: string) =>
      services.filter(([, service]) => networksOf(service).includes(network)).map(([name]) => name)
    expect(on('edge')).toEqual(['caddy', 'gateway-a', 'gateway-b'])
    expect(on('data')).not.toContain('caddy')
  })

  test('the gateways believe Caddy, at its address, and nobody else', () => {
    const { networks } = serviceOf('caddy')
    const address = 'edge' in networks ? networks.edge.ipv4_address : undefined
    const { http } = settingsOf(read('lockgate.config.ts'), environment())
    expect(http.trustedProxies).toEqual([address])
    const [{ subnet = '' } = {}] = composeFile.networks.edge.ipam.config
    expect(ipaddr.parse(address ?? '').match(ipaddr.parseCIDR(subnet))).toBe(true)
  })
})

describe('the gateways', () => {
  const gateway = serviceOf('gateway-a')

  test('are two of the same', () => expect(serviceOf('gateway-b')).toEqual(gateway))

  test('start after the migration, and the databases', () => {
    expect(gateway.depends_on).toEqual({
      migrate: { condition: 'service_completed_successfully' },
      valkey: { condition: 'service_healthy' },
    })
    const migrate = serviceOf('migrate')
    expect(migrate.depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
    expect(unknownArguments(migrate.command ?? [])).toEqual([])
  })

  test('have a configuration that loads, with PostgreSQL and Redis', () => {
    const settings = settingsOf(read('lockgate.config.ts'), environment())
    expect(settings.databaseUrl).toMatch(/^postgres:\/\/lockgate:c0ffee@postgres:5432\//)
    expect(settings.redis?.url).toBe('redis://:c0ffee@valkey:6379')
    expect(settings.gateway.upstream).toBe(example.get('UPSTREAM_URL'))
  })

  test('have more time to stop than they take', () => {
    const settings = settingsOf(read('lockgate.config.ts'), environment())
    const { drainDelayMs, drainTimeoutMs } = settings.gateway
    const needed = drainDelayMs + drainTimeoutMs + FLUSH_MS
    expect(milliseconds(gateway.stop_grace_period ?? '0s')).toBeGreaterThan(needed)
  })

  test('may do nothing but run', () => {
    expect(gateway).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
    expect(gateway.security_opt).toEqual(['no-new-privileges:true'])
  })
})

test('Valkey forgets nothing when its memory is short', () => {
  const words = serviceOf('valkey').command ?? []
  expect(words[words.indexOf('--maxmemory-policy') + 1]).toBe('noeviction')
})
