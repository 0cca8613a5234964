/** lockgate.service, parsed: systemd does not run where the tests do. */
import { expect, test } from 'vitest'
import { FLUSH_MS, read, settingsOf, unknownArguments } from './files.ts'

interface Directive {
  readonly section: string
  readonly name: string
  readonly value: string
}

const directives: Directive[] = []
let section = ''
for (const line of read('lockgate.service').split('\n')) {
  const [, header] = /^\[(\w+)\]$/.exec(line) ?? []
  const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
  if (header !== undefined) section = header
  else if (name !== undefined) directives.push({ section, name, value })
  else if (!/^(#.*)?$/.test(line)) throw new Error(`lockgate.service: no directive: ${line}`)
}

const settingOf = (name: string): string =>
  directives.find((directive) => directive.name === name)?.value ?? `no ${name}`

/** Of systemd 252 and later; systemd passes over what it does not know with a warning only. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  Unit: [
    ...['Description', 'Documentation', 'Wants', 'After'],
    ...['StartLimitIntervalSec', 'StartLimitBurst'],
  ],
  Service: [
    ...['Type', 'ExecStart', 'Restart', 'RestartSec', 'EnvironmentFile', 'Environment'],
    ...['KillSignal', 'KillMode', 'TimeoutStopSec', 'User', 'Group', 'StateDirectory'],
    ...['StateDirectoryMode', 'WorkingDirectory', 'UMask', 'NoNewPrivileges'],
    ...['CapabilityBoundingSet', 'ProtectSystem', 'ProtectHome', 'PrivateTmp', 'PrivateDevices'],
    ...['ProtectProc', 'ProtectClock', 'ProtectHostname', 'ProtectControlGroups'],
    ...['ProtectKernelLogs', 'ProtectKernelModules', 'ProtectKernelTunables'],
    ...['RestrictAddressFamilies', 'RestrictNamespaces', 'RestrictRealtime', 'RestrictSUIDSGID'],
    ...['RemoveIPC', 'LockPersonality', 'SystemCallArchitectures', 'SystemCallFilter'],
    ...['SystemCallErrorNumber', 'LimitNOFILE', 'MemoryMax'],
  ],
  Install: ['WantedBy'],
}

test('holds directives that systemd knows, in the sections where it looks for them, once', () => {
  const strangers = directives.filter(({ section, name }) => !KNOWN[section]?.includes(name))
  expect(strangers).toEqual([])
  expect(new Set(directives.map(({ name }) => name)).size).toBe(directives.length)
})

test('starts a command that there is, on the loopback', () => {
  const [program = '', ...args] = settingOf('ExecStart').split(' ')
  expect(program).toBe('/opt/lockgate/node_modules/.bin/lockgate')
  expect(unknownArguments(args)).toEqual([])
  expect(args[args.indexOf('--host') + 1]).toBe('127.0.0.1')
})

test('has more time to stop than it takes, and signals the first process only', () => {
  const { gateway } = settingsOf(read('lockgate.config.ts'), { UPSTREAM_API_KEY: 'x' })
  const needed = gateway.drainDelayMs + gateway.drainTimeoutMs + FLUSH_MS
  expect(Number(settingOf('TimeoutStopSec')) * 1_000).toBeGreaterThan(needed)
  expect(settingOf('KillSignal')).toBe('SIGTERM')
  expect(settingOf('KillMode')).toBe('mixed')
})

test('may write to its own folder and nowhere else, and can gain nothing', () => {
  expect(settingOf('ProtectSystem')).toBe('strict')
  expect(settingOf('StateDirectory')).toBe('lockgate')
  expect(settingOf('WorkingDirectory')).toBe('/var/lib/lockgate')
  expect(settingOf('NoNewPrivileges')).toBe('yes')
  expect(settingOf('CapabilityBoundingSet')).toBe('')
  expect(directives.map(({ name }) => name)).not.toContain('ReadWritePaths')
})

test('takes secrets from a file of its own, not from the unit, which everybody can read', () => {
  expect(settingOf('EnvironmentFile')).toBe('/etc/lockgate/lockgate.env')
  expect(settingOf('Environment')).toBe('NODE_ENV=production')
})
