import { expect, test } from 'vitest'
import { answerHealth } from './health.ts'

test.each([
  [{ status: 'ready', reasons: [] }, false, 200, { status: 'ready', reasons: [] }],
  [{ status: 'degraded', reasons: ['x'] }, false, 200, { status: 'degraded', reasons: ['x'] }],
  [{ status: 'ready', reasons: [] }, true, 503, { status: 'draining', reasons: ['shutting down'] }],
] as const)('%o, draining %s: %i', (health, draining, status, body) => {
  const answer = answerHealth(health, draining)
  expect(answer.status).toBe(status)
  expect(JSON.parse(answer.body)).toEqual(body)
})
