/**
 * Metrics on their way out: as the text that Prometheus reads, or as plain JSON that a worker sends
 * to the process that answers for all of them. Counters and histograms of workers add up; gauges say
 * themselves how they are combined.
 */
import { AggregatorRegistry, type Registry } from 'prom-client'

/** One process's metrics at one moment. Survives JSON and IPC. */
export type MetricsSnapshot = readonly object[]

/** A page of metrics, ready to be sent. */
export interface MetricsPage {
  readonly contentType: string
  readonly body: string
}

export async function metricsPage(registry: Registry): Promise<MetricsPage> {
  return { contentType: registry.contentType, body: await registry.metrics() }
}

export function metricsSnapshot(registry: Registry): Promise<MetricsSnapshot> {
  return registry.getMetricsAsJSON()
}

export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): Promise<MetricsPage> {
  const lists = snapshots.map((snapshot) => [...snapshot])
  return metricsPage(AggregatorRegistry.aggregate(lists))
}
