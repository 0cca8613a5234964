/** Every request that begins ends once in the metrics, under a configured route, however it ends. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { GatewayMetrics } from '../../src/core/ports/metrics.ts'
import { RawClient, until } from './raw-client.ts'
import { type Rig, startRig } from './rig.ts'

const ended: string[] = []
let began = 0
let answered: number[] = []
const metrics: GatewayMetrics = {
  began() {
    began++
  },
  ended: (route, status) => void ended.push(`${route} ${status}`),
  upstreamAnswered: (durationMs) => void answered.push(durationMs),
}

const route = { scope: 'read', cost: 1, limits: [] }
const rig: Rig = await startRig({
  metrics,
  gateway: { routes: [{ ...route, path: '/v1/chat/' }] },
  answer(request, response) {
    request.resume()
    if (request.url === '/slow') setTimeout(() => response.end('late'), 60)
    else if (request.url === '/cut') request.socket.destroy()
    else if (request.url !== '/never') response.end('ok')
  },
})
afterAll(() => rig.stop())
beforeEach(() => {
  ended.length = 0
  began = 0
  answered = []
})

const get = (path: string, key = rig.key): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${key}\r\n\r\n`

test.each([
  ['an answer', () => get('/v1/chat/x?q=1'), '/v1/chat/ 200'],
  ['an answer beside the routes', () => get('/other'), 'default 200'],
  ['a refusal', () => get('/v1/chat', 'no'), '/v1/chat/ 401'],
  ['an upstream that fails', () => get('/cut'), 'default 502'],
  ['a request that is not sound', () => 'GET //x HTTP/1.1\r\nHost: a\r\n\r\n', 'none 400'],
])('%s', async (_what, request, expected) => {
  const client = new RawClient(rig.port).send(request())
  await client.answer()
  client.end()
  await until(() => ended.length > 0)
  expect(ended).toEqual([expected])
  expect(began).toBe(1)
})

test('a client that leaves before its answer', async () => {
  const client = new RawClient(rig.port).send(get('/never'))
  await until(() => began === 1 && rig.upstream.requests.some(({ url }) => url === '/never'))
  client.end()
  await until(() => ended.length > 0)
  expect(ended).toEqual(['default undefined'])
  expect(answered).toEqual([])
})

test('requests that wait behind another on their connection are counted once', async () => {
  const client = new RawClient(rig.port).send(get('/slow') + get('/slow') + get('/slow'))
  await until(() => ended.length === 3)
  client.end()
  expect(began).toBe(3)
})

test('the time of the upstream is that until its headers', async () => {
  const client = new RawClient(rig.port).send(get('/slow'))
  await client.answer()
  client.end()
  expect(answered).toHaveLength(1)
  expect(answered[0]).toBeGreaterThan(40)
})
