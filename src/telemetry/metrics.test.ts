import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { resolveSettings } from '../config/index.ts'
import { DEFAULT_TIERS } from '../core/tier.ts'
import type { Gate } from '../engine/gate.ts'
import { openGate } from '../lockgate.ts'
import { createMetrics, type ProcessMetrics } from './metrics.ts'
import { mergeSnapshots, metricsPage, metricsSnapshot } from './snapshots.ts'

const QUICK = { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } }
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const TIGHT = { limits: [{ name: 'minute', quota: 2, window: '1m' }] }

const gates: Gate[] = []
afterEach(async () => {
  for (const gate of gates.splice(0)) await gate.close()
})

async function open(): Promise<{ gate: Gate; metrics: ProcessMetrics }> {
  const settings = resolveSettings(
    { databaseUrl: 'sqlite::memory:', keys: QUICK, tiers: { tight: TIGHT } },
    {},
    {},
  )
  const metrics = createMetrics(settings)
  const gate = await openGate(settings, { log: silent, metrics: metrics.gate })
  gates.push(gate)
  return { gate, metrics }
}

/** Series of ours with their values: `name{label="value"}` to number. */
async function seriesOf({ registry }: ProcessMetrics): Promise<Map<string, number>> {
  const { body } = await metricsPage(registry)
  const lines = body.split('\n').filter((line) => line.startsWith('lockgate_'))
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space + 1))]
    }),
  )
}

const ask = async (gate: Gate, presentedKey: string | undefined, address = '203.0.113.7') =>
  gate.check({ presentedKey, address, requestId: 'req_x', scope: 'read' })

describe('decisions', () => {
  test('are counted by outcome and tier, refused ones under the tier of their key', async () => {
    const { gate, metrics } = await open()
    const { key } = await gate.keys.issue({ owner: 'ada@example.com', tier: 'tight' })
    for (let call = 0; call < 5; call++) await ask(gate, key)
    await ask(gate, undefined)
    await ask(gate, 'sk_live_wrong')
    const series = await seriesOf(metrics)
    const decisions = (outcome: string, tier: string) =>
      series.get(`lockgate_decisions_total{outcome="${outcome}",tier="${tier}"}`)
    expect(decisions('allowed', 'tight')).toBe(2)
    expect(decisions('rate_limited', 'tight')).toBe(3)
    expect(decisions('missing_key', 'none')).toBe(1)
    expect(decisions('invalid_key', 'none')).toBe(1)
  })

  test('are timed only where they were waited for', async () => {
    const { gate, metrics } = await open()
    const { key } = await gate.keys.issue({ owner: 'ada@example.com' })
    const waited = async () =>
      (await seriesOf(metrics)).get('lockgate_check_duration_seconds_count')
    await ask(gate, key)
    expect(await waited()).toBe(1)
    for (let call = 0; call < 5; call++) await ask(gate, key)
    expect(await waited()).toBe(1)
  })
})

test('audit rows, the queue before them and the cache are counted', async () => {
  const { gate, metrics } = await open()
  const { key } = await gate.keys.issue({ owner: 'ada@example.com' })
  await ask(gate, key)
  for (let call = 0; call < 3; call++) await ask(gate, 'sk_live_wrong')
  expect((await seriesOf(metrics)).get('lockgate_audit_queue')).toBe(1)
  await gate.audit.flush()
  const series = await seriesOf(metrics)
  expect(series.get('lockgate_audit_queue')).toBe(0)
  expect(series.get('lockgate_audit_rows_total{event="key.created"}')).toBe(1)
  expect(series.get('lockgate_audit_rows_total{event="auth.failed"}')).toBe(1)
  expect(series.get('lockgate_cached_keys')).toBe(1)
})

test('hostile traffic adds no series beyond the fixed lists, and leaves no trace in a label', async () => {
  const { gate, metrics } = await open()
  const keys = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      gate.keys.issue({ owner: `u${n}@example.com`, tier: n % 2 ? 'tight' : 'free' }),
    ),
  )
  const attack = async (round: number) => {
    for (const [n, { key }] of keys.entries()) {
      const address = `198.51.100.${n + round * 20}`
      await ask(gate, key, address)
      await ask(gate, `${key.slice(0, -1)}!`, address)
      await ask(gate, `sk_live_${round}"} 1\n${n}`, address)
      await gate.countRefused(address, 'req_x')
      metrics.gateway.began()
      metrics.gateway.ended(`/${key}/"}`, n % 3 ? 200 + n * 31 : undefined)
      metrics.gate.decided('allowed', `tier-${round}-${n}`)
    }
  }
  for (let round = 0; round < 3; round++) await attack(round)
  const before = await seriesOf(metrics)
  for (let round = 3; round < 8; round++) await attack(round)
  const after = await seriesOf(metrics)
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort())
  expect(after.size).toBeLessThan(120)
  const text = [...after.keys()].join('\n')
  for (const { key, record } of keys) {
    for (const trace of [record.keyId, record.owner.email, key.slice(20), '198.51', '/']) {
      expect(text).not.toContain(trace)
    }
  }
  expect(text).toContain('tier="other"')
  expect(text).toContain('route="other"')
})

describe('snapshots of several processes', () => {
  const count = (metrics: ProcessMetrics, requests: number, outage: boolean) => {
    for (let request = 0; request < requests; request++) {
      metrics.gateway.began()
      metrics.gateway.ended('default', 200)
      metrics.gate.decided('allowed', 'free')
      metrics.gate.waited(request)
    }
    metrics.gateway.began()
    metrics.gate.watch(() => ({
      ...{ auditQueue: 3, hashingRunning: 1, hashingQueued: 0, cachedKeys: 2 },
      ...{ countersOutage: outage, countersOutages: 1, localDecisions: 7 },
    }))
  }
  const tiers = new Map(DEFAULT_TIERS.map((tier) => [tier.name, tier]))
  const create = () => createMetrics({ tiers, gateway: { routes: [] } })

  test('add up, after a trip as JSON', async () => {
    const workers = [create(), create()]
    for (const [n, worker] of workers.entries()) count(worker, 5 + n, n === 1)
    const snapshots = await Promise.all(workers.map(({ registry }) => metricsSnapshot(registry)))
    const { contentType, body } = await mergeSnapshots(JSON.parse(JSON.stringify(snapshots)))
    expect(contentType).toContain('text/plain')
    const lines = body.split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'lockgate_decisions_total{outcome="allowed",tier="free"} 11',
        'lockgate_gateway_requests_total{status_class="2xx",route="default"} 11',
        'lockgate_gateway_in_flight 2',
        'lockgate_check_duration_seconds_count 11',
        'lockgate_check_duration_seconds_bucket{le="+Inf"} 11',
        'lockgate_audit_queue 6',
        'lockgate_counters_outage 1',
        'lockgate_counters_outages_total 2',
        'lockgate_local_decisions_total 14',
      ]),
    )
  })

  test('two registries in one process share nothing', async () => {
    const [one, two] = [create(), create()]
    count(one, 5, false)
    expect((await seriesOf(two)).get('lockgate_check_duration_seconds_count')).toBe(0)
  })
})

test('the guide lists every metric with its type and its labels, and no other', async () => {
  const page = readFileSync(new URL('../../docs/guides/observability.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| `(lockgate_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
    ([, name = '', type = '', labels = '']) => {
      const names = [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)
      return { name, type, labels: names }
    },
  )
  const { metrics } = await open()
  const kept = metrics.registry
    .getMetricsAsArray()
    .filter(({ name }) => name.startsWith('lockgate_'))
    .map((metric) => ({
      ...{ name: metric.name, type: String(metric.type) },
      labels: Reflect.get(metric, 'labelNames'),
    }))
  expect(kept.length).toBeGreaterThan(10)
  expect(listed).toEqual(kept)
})
