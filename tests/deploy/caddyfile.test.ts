/** The Caddyfile against what it stands in front of. Caddy itself is not needed here. */
import { expect, test } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { serverOptions } from '../../src/http/server/strict-server.ts'
import { composeFile } from './compose.ts'
import { healthPaths, milliseconds, read, settingsOf } from './files.ts'

/** The words of each line that has some: directive first. */
const lines = read('Caddyfile')
  .split('\n')
  .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
  .filter(Boolean)
  .map((line) => line.split(/\s+/))

const settingOf = (directive: string): string =>
  lines.find(([name]) => name === directive)?.[1] ?? `no ${directive}`

/** Of the version that compose.yaml names: the reference of `reverse_proxy`. */
const KNOWN = new Set([
  ...['{', 'log', 'format', 'wrap', 'fields', 'request>headers>Authorization'],
  ...['request>headers>X-Api-Key', 'request>uri'],
  ...['{$GATEWAY_DOMAIN}', 'reverse_proxy', 'lb_policy', 'lb_try_duration', 'lb_try_interval'],
  ...['health_uri', 'health_port', 'health_interval', 'health_timeout'],
  ...['transport', 'dial_timeout', 'keepalive', '}'],
])

const defaultOf = (option: string): unknown =>
  createProgram(() => undefined)
    .commands.find((command) => command.name() === 'serve')
    ?.options.find(({ long }) => long === option)?.defaultValue

test('holds directives that Caddy has, in braces that match', () => {
  expect(lines.map(([name]) => name).filter((name = '') => !KNOWN.has(name))).toEqual([])
  const words = lines.flat()
  expect(words.filter((word) => word === '{')).toHaveLength(
    words.filter((word) => word === '}').length,
  )
})

test('sends to the gateways of compose.yaml, at the port of the gateway and no other', () => {
  const [, ...targets] = lines.find(([name]) => name === 'reverse_proxy') ?? []
  const gateways = Object.keys(composeFile.services).filter((name) => name.startsWith('gateway-'))
  expect(targets.slice(0, -1)).toEqual(gateways.map((name) => `${name}:${defaultOf('--port')}`))
})

test('asks for health where the gateways tell of it', () => {
  expect(healthPaths()).toContain(settingOf('health_uri'))
  expect(settingOf('health_port')).toBe(defaultOf('--admin-port'))
})

test('learns that a gateway stops before that closes its port', () => {
  const { gateway } = settingsOf(read('lockgate.config.ts'), { UPSTREAM_API_KEY: 'x' })
  const learns = ['health_interval', 'health_timeout'].map(settingOf).map(milliseconds)
  expect(learns.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(gateway.drainDelayMs)
})

test('closes idle connections before Lockgate does', () => {
  const { gateway } = settingsOf('export default {}', {})
  const { keepAliveTimeout = 0 } = serverOptions(gateway)
  expect(milliseconds(settingOf('keepalive'))).toBeLessThan(keepAliveTimeout)
})

test('stops calls whose client has left', () => {
  expect(lines.map(([name]) => name)).not.toContain('flush_interval')
})

test('keeps keys out of its log, wherever a client put them', () => {
  expect(settingOf('request>headers>Authorization')).toBe('delete')
  expect(settingOf('request>headers>X-Api-Key')).toBe('delete')
  expect(settingOf('request>uri')).toBe('regexp')
})
