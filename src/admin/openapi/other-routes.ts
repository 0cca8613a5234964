/** What the document says of routes that have no contract of their own: health, metrics, itself. */
import { z } from 'zod'
import type { Documented } from '../contract/documented.ts'
import { refusalsOf } from '../contract/refusals.ts'

const check = z.strictObject({
  status: z.enum(['ok', 'degraded', 'down']),
  detail: z.string().optional(),
})

const summary = z
  .strictObject({
    status: z.enum(['ready', 'degraded', 'draining']),
    reasons: z.array(z.string()),
    checks: z.strictObject({ store: check, counters: check, audit: check }),
    workers: z.int().optional(),
    version: z.string(),
    uptime_seconds: z.int(),
  })
  .meta({ id: 'Health' })

const live = z.strictObject({ status: z.literal('live') })
const ready = z.strictObject({ status: z.enum(['ready', 'degraded', 'draining']) })
const json = (schema: z.ZodType) => [{ type: 'application/json', schema }]

function health(path: string, operationId: string, text: string, schema: z.ZodType): Documented {
  return {
    ...{ method: 'GET', path, operationId, summary: text, access: 'public' },
    answers: {
      200: { description: 'It can take requests.', contents: json(schema) },
      503: { description: 'It cannot take requests.', contents: json(schema) },
    },
    refusals: refusalsOf({ access: 'public', isUncounted: true }),
  }
}

export const OTHER_ROUTES: readonly Documented[] = [
  health('/health', 'health', 'What is the matter, if anything', summary),
  health('/health/live', 'healthLive', 'Whether the process runs', live),
  health('/health/ready', 'healthReady', 'Whether it can take requests', ready),
  {
    ...{ method: 'GET', path: '/metrics', operationId: 'metrics', access: 'admin' },
    summary: 'Metrics for Prometheus',
    answers: {
      200: { description: 'Metrics.', contents: [{ type: 'text/plain', schema: z.string() }] },
    },
    refusals: refusalsOf({ access: 'admin' }),
  },
  {
    ...{ method: 'GET', path: '/openapi.json', operationId: 'openapi', access: 'public' },
    summary: 'This document',
    answers: {
      200: {
        description: 'An OpenAPI 3.1 document.',
        contents: json(z.record(z.string(), z.unknown())),
      },
    },
    refusals: refusalsOf({ access: 'public' }),
  },
]
