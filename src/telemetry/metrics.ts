/**
 * Metrics of one process for Prometheus, in a registry of its own.
 *
 * The ports add to plain numbers; prom-client reads them when somebody asks. Labels come from fixed
 * lists (outcomes, events, the tiers and routes of the configuration), so the number of series does
 * not depend on who calls. `docs/guides/observability.md` lists every metric; a test keeps the two
 * equal.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { AUDIT_EVENTS } from '../core/audit.ts'
import { ERRORS } from '../core/errors.ts'
import type { GateMetrics, GateReadings, GatewayMetrics } from '../core/ports/metrics.ts'
import type { Settings } from '../core/settings.ts'
import { PairTally } from './tallies.ts'

/** From a comparison in memory over a trip to Redis to a slow hash behind a queue of them. */
const CHECK_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
/** From an API next door to a model that thinks. */
const UPSTREAM_BUCKETS_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

/** Where the names of tiers and routes come from. */
export type MetricsOptions = Pick<Settings, 'tiers'> & {
  readonly gateway: Pick<Settings['gateway'], 'routes'>
}

export interface ProcessMetrics {
  readonly gate: GateMetrics
  readonly gateway: GatewayMetrics
  readonly registry: Registry
}

export function createMetrics({ tiers, gateway }: MetricsOptions): ProcessMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return Object.freeze({
    gate: gateMetrics(registry, tiers.keys()),
    gateway: gatewayMetrics(
      registry,
      gateway.routes.map(({ path }) => path),
    ),
    registry,
  })
}

function gateMetrics(registry: Registry, tiers: Iterable<string>): GateMetrics {
  const decisions = new PairTally(['allowed', ...Object.keys(ERRORS)], [...tiers, 'none'])
  counterOfPairs(registry, decisions, {
    name: 'lockgate_decisions_total',
    help: 'Decisions, by outcome (allowed, or the code of the denial) and tier of the key.',
    labels: ['outcome', 'tier'],
  })
  const check = new Histogram({
    name: 'lockgate_check_duration_seconds',
    help: 'Time that a decision was waited for; only those that could not be made at once.',
    buckets: CHECK_BUCKETS_SECONDS,
    registers: [registry],
  })
  const storeFailures = new Counter({
    name: 'lockgate_store_failures_total',
    help: 'Calls of the store that failed.',
    registers: [registry],
  })
  const rows = new PairTally(AUDIT_EVENTS, [])
  counterOfPairs(registry, rows, {
    name: 'lockgate_audit_rows_total',
    help: 'Rows of the audit log that this process has written, by event.',
    labels: ['event'],
  })
  const watch = gateReadings(registry)
  return Object.freeze({
    decided: (outcome, tier) => decisions.add(outcome, tier ?? 'none'),
    waited: (durationMs) => check.observe(durationMs / 1000),
    storeFailed: () => storeFailures.inc(),
    auditWritten: (event, count) => rows.add(event, '', count),
    watch,
  } satisfies GateMetrics)
}

const READINGS = [
  ['lockgate_audit_queue', 'auditQueue', 'Folded audit entries that wait to be written.'],
  ['lockgate_hashing_running', 'hashingRunning', 'Slow hashes that run.'],
  ['lockgate_hashing_queued', 'hashingQueued', 'Slow hashes that wait for their turn.'],
  ['lockgate_cached_keys', 'cachedKeys', 'Keys in the cache.'],
] as const

/** What the gate keeps anyway is read from it; 0 until there is a gate. */
function gateReadings(registry: Registry): GateMetrics['watch'] {
  let read: (() => GateReadings) | undefined
  const registers = [registry]
  for (const [name, member, help] of READINGS) {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read?.()[member] ?? 0)
      },
    })
  }
  new Gauge({
    name: 'lockgate_counters_outage',
    help: '1 while the shared counters cannot be reached.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(read?.().countersOutage === true ? 1 : 0)
    },
  })
  readCounter(registry, 'lockgate_counters_outages_total', {
    help: 'Outages of the shared counters that have begun.',
    read: () => read?.().countersOutages ?? 0,
  })
  readCounter(registry, 'lockgate_local_decisions_total', {
    help: 'Requests that were decided without the shared counters during an outage.',
    read: () => read?.().localDecisions ?? 0,
  })
  return (readings) => {
    read = readings
  }
}

const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none']

function gatewayMetrics(registry: Registry, routes: Iterable<string>): GatewayMetrics {
  const requests = new PairTally(STATUS_CLASSES, [...routes, 'default', 'none'])
  counterOfPairs(registry, requests, {
    name: 'lockgate_gateway_requests_total',
    help: 'Requests to the gateway that are over, by class of the status and configured route.',
    labels: ['status_class', 'route'],
  })
  const upstream = new Histogram({
    name: 'lockgate_gateway_upstream_duration_seconds',
    help: 'Time from sending a request to the upstream until its response headers.',
    buckets: UPSTREAM_BUCKETS_SECONDS,
    registers: [registry],
  })
  let inFlight = 0
  new Gauge({
    name: 'lockgate_gateway_in_flight',
    help: 'Requests that the gateway has not finished answering.',
    registers: [registry],
    collect() {
      this.set(inFlight)
    },
  })
  return Object.freeze({
    began() {
      inFlight++
    },
    ended(route, status) {
      inFlight--
      requests.add(status === undefined ? 'none' : classOf(status), route)
    },
    upstreamAnswered: (durationMs) => upstream.observe(durationMs / 1000),
  } satisfies GatewayMetrics)
}

const classOf = (status: number): string => STATUS_CLASSES[Math.floor(status / 100) - 1] ?? 'none'

interface PairLabels {
  readonly name: string
  readonly help: string
  readonly labels: readonly [row: string, column?: string]
}

function counterOfPairs(registry: Registry, tally: PairTally, { labels, ...named }: PairLabels) {
  const [row, column] = labels
  new Counter({
    ...named,
    labelNames: column === undefined ? [row] : [row, column],
    registers: [registry],
    collect() {
      this.reset()
      for (const [a, b, count] of tally.entries()) {
        this.inc(column === undefined ? { [row]: a } : { [row]: a, [column]: b }, count)
      }
    },
  })
}

function readCounter(
  registry: Registry,
  name: string,
  { help, read }: { readonly help: string; read(): number },
): void {
  new Counter({
    ...{ name, help, registers: [registry] },
    collect() {
      this.reset()
      this.inc(read())
    },
  })
}
