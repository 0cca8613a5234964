/** The manifests: objects that Kubernetes knows, and that agree with each other and with what they run. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { newFolder } from '../cli/command-line.ts'
import { FLUSH_MS, healthPaths, settingsOf, unknownArguments } from './files.ts'
import { containerOf, MODULES, manifestOf, manifests, templateOf } from './manifests.ts'

const TYPES = dirname(createRequire(import.meta.url).resolve('kubernetes-types/package.json'))

/** Objects as literals of their types: tsc names members that are unknown, missing or of another type. */
const typed = manifests
  .map(({ kind, ...members }, i) => {
    const literal = JSON.stringify({ kind, ...members })
    const type = `${kind} as T${i}`
    return `import type { ${type} } from '${TYPES}/${MODULES[kind]}'\nexport const m${i}: T${i} = ${literal}\n`
  })
  .join('')

function problemsOf(source: string): string {
  const folder = newFolder({ 'manifests.ts': source, 'package.json': '{ "type": "module" }' })
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--moduleResolution', 'bundler']
  const args = [...options, '--module', 'esnext', '--types', '', folder.file('manifests.ts')]
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  return spawnSync(tsc, args, { cwd: folder.path, encoding: 'utf8' }).stdout
}

test('every object has the members of its kind, and no others', () => {
  expect(problemsOf(typed)).toBe('')
  const misspelt = typed.replace('"maxUnavailable"', '"maxUnavailabel"')
  expect(problemsOf(misspelt)).toContain('"maxUnavailabel"\' does not exist')
})

test('all are in one namespace, which takes no pod that asks for more than they do', () => {
  const { metadata } = manifestOf('Namespace')
  expect(metadata?.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'restricted' })
  const others = manifests.filter(({ kind }) => kind !== 'Namespace')
  expect(new Set(others.map(({ metadata: { namespace } }) => namespace))).toEqual(
    new Set([metadata?.name]),
  )
})

describe.each(['Deployment', 'Job'] as const)('the %s', (kind) => {
  const container = containerOf(kind)
  const { spec: pod } = templateOf(kind)

  test('is within the profile "restricted", with a root that cannot be written', () => {
    expect(pod?.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(pod?.automountServiceAccountToken).toBe(false)
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(container.resources?.limits).toHaveProperty('memory')
  })

  test('runs a command that there is, with the configuration and the secret that are there', () => {
    expect(container.command).toBeUndefined()
    expect(unknownArguments(container.args ?? [])).toEqual([])
    expect(container.envFrom).toEqual([
      { secretRef: { name: manifestOf('Secret').metadata?.name } },
    ])
    const configMap = manifestOf('ConfigMap')
    expect(pod?.volumes).toEqual([
      { name: 'config', configMap: { name: configMap.metadata?.name } },
    ])
    const [mount] = container.volumeMounts ?? []
    expect(Object.keys(configMap.data ?? {})).toEqual([mount?.subPath])
    expect(mount?.mountPath).toBe(`/app/${mount?.subPath}`)
  })
})

describe('the Deployment', () => {
  const container = containerOf('Deployment')
  const port = (name: string) => container.ports?.find((known) => known.name === name)

  test('listens where its ports say', () => {
    const argument = (option: string) => container.args?.[container.args.indexOf(option) + 1]
    expect(argument('--port')).toBe(String(port('http')?.containerPort))
    expect(argument('--admin-port')).toBe(String(port('admin')?.containerPort))
  })

  test('is asked for health where it tells of it; one that drains is not restarted', () => {
    const { startupProbe, livenessProbe, readinessProbe } = container
    const asked = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet)
    expect(asked.map((get) => get?.port)).toEqual(['admin', 'admin', 'admin'])
    const paths = asked.map((get) => get?.path)
    expect(paths).toEqual(['/health/live', '/health/live', '/health/ready'])
    expect(healthPaths()).toEqual(expect.arrayContaining(paths))
  })

  test('has more time to stop than it takes', () => {
    const config = manifestOf('ConfigMap').data?.['lockgate.config.ts'] ?? ''
    const { gateway } = settingsOf(config, { UPSTREAM_API_KEY: 'x' })
    const neededMs = gateway.drainDelayMs + gateway.drainTimeoutMs + FLUSH_MS
    const graceSeconds = templateOf('Deployment').spec?.terminationGracePeriodSeconds ?? 0
    expect(graceSeconds * 1_000).toBeGreaterThan(neededMs)
  })

  test('never has less than its two replicas in a rollout', () => {
    const { replicas, strategy } = manifestOf('Deployment').spec ?? {}
    expect(replicas).toBe(2)
    expect(strategy?.rollingUpdate?.maxUnavailable).toBe(0)
  })

  test('is what the Service, the budget and the policies select', () => {
    const labels = templateOf('Deployment').metadata?.labels
    expect(labels).toMatchObject(manifestOf('Deployment').spec?.selector.matchLabels ?? {})
    expect(labels).toMatchObject(
      manifestOf('PodDisruptionBudget').spec?.selector?.matchLabels ?? {},
    )
    expect(labels).toMatchObject(manifestOf('Service').spec?.selector ?? {})
    const job = templateOf('Job').metadata?.labels
    expect(job).not.toMatchObject(manifestOf('Service').spec?.selector ?? {})
  })
})

test('the Service does not lead to the admin port', () => {
  const { type, ports } = manifestOf('Service').spec ?? {}
  expect(type).toBe('ClusterIP')
  expect(ports?.map(({ targetPort }) => targetPort)).toEqual(['http'])
})

test('the secret is an example: its URLs can be read, and hold no password', () => {
  const values = manifestOf('Secret').stringData ?? {}
  for (const value of Object.values(values)) expect(value).toContain('REPLACE_ME')
  const settings = settingsOf('export default {}', values)
  expect(settings.databaseUrl).toBe(values['LOCKGATE_DATABASE_URL'])
  expect(settings.redis?.url).toBe(values['LOCKGATE_REDIS_URL'])
})
