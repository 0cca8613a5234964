/** Calls of AI APIs cost what they cost, once, whatever their end; and clients see what a direct call gives. */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RawClient, until } from './raw-client.ts'
import { type Rig, type RigOptions, startRig } from './rig.ts'
import { PRICE, type ScriptedDesk, scriptedDesk } from './scripted-desk.ts'

const CHAT = '/v1/chat/completions'
const BODY = '{"model":"m", "max_tokens":50,"messages":[{"role":"user","content":"hi"}]}'
const STREAM = '{"model":"m","max_tokens":50,"messages":[],"stream":true}'
const WORST = BODY.length + 500
const USAGE = '{"prompt_tokens":9,"completion_tokens":3}'

let desk: ScriptedDesk
let rig: Rig | undefined
/** Bodies as they reached the upstream. */
let bodies: string[]
beforeEach(() => {
  desk = scriptedDesk()
  bodies = []
})
afterEach(async () => {
  await rig?.stop()
  rig = undefined
})

type Answer = (response: ServerResponse, request: IncomingMessage) => void

async function start(answer: Answer, options: RigOptions = {}): Promise<Rig> {
  rig = await startRig({
    wrap: desk.wrap,
    answer: (request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString('latin1')
      })
      request.on('end', () => {
        bodies.push(body)
        answer(response, request)
      })
    },
    ...options,
  })
  return rig
}

const json =
  (body: string, status = 200): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(body)

const events = (...all: string[]): Answer => {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of all) response.write(event)
    response.end()
  }
}

const chunk = (content: string, more = ''): string =>
  `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]${more}}\n\n`

const post = ({ url, key }: Rig, body = BODY, path = CHAT, headers = {}): Promise<Response> =>
  fetch(url + path, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
  })

/** What the only call cost; that it was settled once. */
async function cost(): Promise<number | undefined> {
  await until(() => desk.held[0]?.settled.length === 1)
  expect(desk.held.map(({ settled }) => settled.length)).toEqual([1])
  return desk.held[0]?.settled[0]?.amount.microUsd
}

describe('a body', () => {
  test('passes both ways as it is, and is charged by its usage', async () => {
    const answer = `{ "id":"x","usage":${USAGE} }`
    const up = await start(json(answer))
    const response = await post(up)
    expect(await response.text()).toBe(answer)
    expect(bodies).toEqual([BODY])
    expect(up.upstream.requests[0]?.headers).toMatchObject({
      'accept-encoding': 'identity',
      'content-length': String(BODY.length),
    })
    expect(desk.held[0]?.intent).toEqual({
      model: 'm',
      amount: { microUsd: WORST, tokens: BODY.length + 50 },
    })
    expect(await cost()).toBe(9 + 30)
    expect(desk.held[0]?.settled[0]).toMatchObject({
      amount: { tokens: 12 },
      usage: { inputTokens: 9, outputTokens: 3 },
    })
  })

  test('gets the maximum of its tier', async () => {
    desk.isClamped = true
    desk.maxOutputTokens = 20
    const up = await start(json('{}'))
    await post(up, '{"model":"m"}')
    await post(up, BODY)
    expect(bodies).toEqual(['{"model":"m","max_tokens":20}', BODY.replace('50', '20')])
  })

  test('that arrives in chunks is sent with its length', async () => {
    const up = await start(json('{}'))
    const status = await new Promise((resolve, reject) => {
      const client = httpRequest(up.url + CHAT, { method: 'POST' }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      client.on('error', reject)
      client.setHeader('x-api-key', up.key)
      client.write(BODY.slice(0, 10))
      setTimeout(() => client.end(BODY.slice(10)), 20)
    })
    expect(status).toBe(200)
    expect(bodies).toEqual([BODY])
  })

  test('that is large is sent whole', async () => {
    const up = await start(json(`{"usage":${USAGE}}`))
    const body = BODY.replace('"hi"', `"${'x'.repeat(500_000)}"`)
    expect((await post(up, body)).status).toBe(200)
    expect(bodies[0] === body).toBe(true)
    expect(await cost()).toBe(39)
  })
})

describe('ends of a call that is no stream', () => {
  test.each<[string, Answer, number, number]>([
    ['an answer that does not say', json('{"id":"x"}'), 200, WORST],
    ['one that cannot be believed', json('{"usage":{"prompt_tokens":-1}}'), 200, WORST],
    ['an error of the API', json('{"error":{}}', 429), 429, 0],
    ['a failure of the API', json('{"error":{}}', 500), 500, 0],
    ['an answer lost before its head', (response) => response.destroy(), 502, WORST],
    [
      'one that is compressed although nobody asked for that',
      (response) => {
        const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
        response.writeHead(200, headers).end(gzipSync(`{"usage":${USAGE}}`))
      },
      200,
      WORST,
    ],
  ])('%s', async (_what, answer, status, micro) => {
    const response = await post(await start(answer))
    await response.text()
    expect(response.status).toBe(status)
    expect(await cost()).toBe(micro)
  })

  test('an answer that breaks off', async () => {
    const up = await start((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
      response.write('{"id":')
      setTimeout(() => response.destroy(), 20)
    })
    await expect(post(up).then((response) => response.text())).rejects.toThrow()
    expect(await cost()).toBe(WORST)
  })

  test('an upstream that cannot be reached', async () => {
    const up = await start(json('{}'), { gateway: { upstream: 'http://127.0.0.1:9' } })
    expect((await post(up)).status).toBe(502)
    expect(await cost()).toBe(0)
  })

  test('an upstream that does not answer in time', async () => {
    const up = await start(() => {}, { gateway: { upstreamTimeoutMs: 100 } })
    expect((await post(up)).status).toBe(504)
    expect(await cost()).toBe(WORST)
  })

  test('an upstream that refuses our own credential', async () => {
    const config = { upstreamHeaders: { authorization: 'Bearer wrong' } }
    const up = await start(json('{}', 401), { config })
    expect((await post(up)).status).toBe(502)
    expect(await cost()).toBe(0)
  })

  test('a client that leaves while it waits', async () => {
    const up = await start(() => {})
    const gone = new AbortController()
    const answer = fetch(up.url + CHAT, {
      ...{ method: 'POST', body: BODY, signal: gone.signal },
      headers: { 'x-api-key': up.key },
    })
    await until(() => bodies.length === 1)
    gone.abort()
    await expect(answer).rejects.toThrow()
    expect(await cost()).toBe(WORST)
    expect(await until(() => up.upstream.aborted === 1, 1_000)).toBe(true)
  })

  test('a client that leaves before its call was decided', async () => {
    let decide = (): void => {}
    desk.checking = new Promise((resolve) => {
      decide = resolve
    })
    const up = await start(json('{}'))
    let left = false
    up.gateway.server.on('connection', (socket) => {
      socket.on('close', () => {
        left = true
      })
    })
    const gone = new AbortController()
    const answer = fetch(up.url + CHAT, {
      ...{ method: 'POST', body: BODY, signal: gone.signal },
      headers: { 'x-api-key': up.key },
    }).catch(() => {})
    expect(await until(() => desk.checks === 1)).toBe(true)
    gone.abort()
    await answer
    expect(await until(() => left)).toBe(true)
    decide()
    expect(await cost()).toBe(0)
    expect(bodies).toEqual([])
  })
})

describe('a stream', () => {
  const DONE = 'data: [DONE]\n\n'

  test('is what a direct call gives, and charged by its usage', async () => {
    const final = `data: {"choices":[],"usage":${USAGE}}\n\n`
    const up = await start(
      events(chunk('a', ',"usage":null'), chunk('ž', ',"usage":null'), final, DONE),
    )
    const response = await post(up, STREAM)
    expect(await response.text()).toBe(chunk('a') + chunk('ž') + DONE)
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ stream_options: { include_usage: true } })
    expect(await cost()).toBe(39)
  })

  test('that ends without usage is charged by what passed', async () => {
    const up = await start(events(chunk('abcdefgh'), chunk('a'), DONE))
    await (await post(up, STREAM)).text()
    expect(await cost()).toBe(STREAM.length + 30)
  })

  test('that breaks off breaks off, and is charged by what passed', async () => {
    const up = await start((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(chunk('abcdefgh'))
      setTimeout(() => response.destroy(), 50)
    })
    await expect(post(up, STREAM).then((response) => response.text())).rejects.toThrow()
    expect(await cost()).toBe(STREAM.length + 20)
  })

  test('whose client leaves stops the upstream within a second, and is charged', async () => {
    const up = await start((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(chunk('abcdefgh'))
    })
    const gone = new AbortController()
    const response = await fetch(up.url + CHAT, {
      ...{ method: 'POST', body: STREAM, signal: gone.signal },
      headers: { 'x-api-key': up.key },
    })
    await response.body?.getReader().read()
    gone.abort()
    expect(await until(() => up.upstream.aborted === 1, 1_000)).toBe(true)
    expect(await cost()).toBe(STREAM.length + 20)
  })

  test('of an API that has an error to report costs nothing', async () => {
    const up = await start(json('{"error":{}}', 503))
    expect((await post(up, STREAM)).status).toBe(503)
    expect(await cost()).toBe(0)
  })

  /** An upstream that takes no notice of any maximum. */
  const endless: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => response.write(chunk('abcd'.repeat(20))), 1)
    response.on('close', () => clearInterval(timer))
  }

  test('that does not end is held further while it fits, then cut, and says so', async () => {
    desk.quota = STREAM.length + 500 + 2 * 2_560
    const up = await start(endless)
    const response = await post(up, STREAM)
    const text = await response.text()
    const last = text.trimEnd().split('\n').at(-1) ?? ''
    expect(JSON.parse(last.slice(6))).toMatchObject({
      error: { code: 'spend_exceeded', type: 'spend_exceeded', param: null },
    })
    expect(text).not.toContain('[DONE]')
    expect(desk.held[0]?.amount.microUsd).toBe(desk.quota)
    const spent = (await cost()) ?? 0
    expect(spent).toBeGreaterThan(desk.quota * 0.9)
    expect(spent).toBeLessThanOrEqual(desk.quota + 200)
    expect(await until(() => up.upstream.aborted === 1, 1_000)).toBe(true)
    // The connection is as good as new.
    expect((await post(up, '{"model":"m","max_tokens":1,"n":0}')).status).toBe(422)
  })

  test('waits while nobody has answered whether more may come', async () => {
    let answer = (): void => {}
    desk.extending = new Promise((resolve) => {
      answer = resolve
    })
    desk.quota = STREAM.length + 500 + 2_560
    const up = await start(endless)
    const response = await post(up, STREAM)
    const reader = response.body?.getReader()
    let bytes = 0
    let isOver = false
    const reading = (async () => {
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
        if (done) break
        bytes += value?.length ?? 0
      }
      isOver = true
    })()
    await until(() => bytes > 300)
    await new Promise((resolve) => setTimeout(resolve, 150))
    const whenHeldUp = bytes
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect([bytes, isOver]).toEqual([whenHeldUp, false])
    answer()
    await reading
    expect(bytes).toBeGreaterThan(whenHeldUp)
    await cost()
  })

  test.each([
    [
      '/v1/messages',
      'data: {"type":"content_block_delta","delta":{"text":"XX"}}\n\n',
      'event: error\ndata: {"type":"error","error":{"type":"spend_exceeded"',
    ],
    [
      '/v1/responses',
      'data: {"type":"response.output_text.delta","sequence_number":7,"delta":"XX"}\n\n',
      'event: error\ndata: {"type":"error","code":"spend_exceeded"',
    ],
  ])('is cut in the form of %s', async (path, event, expected) => {
    desk.quota = 1_000
    const up = await start((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(event.replace('XX', 'x'.repeat(2_000)))
    })
    const body = '{"model":"m","max_tokens":50,"max_output_tokens":50,"stream":true}'
    const text = await (await post(up, body, path)).text()
    expect(text).toContain(expected)
    if (path === '/v1/responses') expect(text).toContain('"sequence_number":8')
    await cost()
  })
})

describe('what is refused reaches no upstream and costs nothing', () => {
  test.each<[string, number, string, string, object]>([
    ['{"model":"m","model":"n"}', 400, 'invalid_json', CHAT, {}],
    ['', 400, 'invalid_json', CHAT, {}],
    ['{"max_tokens":1}', 422, 'invalid_field', CHAT, {}],
    ['{"model":"gpt-4o"}', 403, 'model_not_allowed', CHAT, {}],
    [BODY, 415, 'unsupported_encoding', CHAT, { 'content-encoding': 'gzip' }],
    [BODY, 401, 'invalid_key', CHAT, { authorization: 'Bearer sk_live_x' }],
    [BODY, 400, 'invalid_json', CHAT, {}],
  ])('%s is %d %s', async (body, status, code, path, headers) => {
    desk.models = ['m']
    const up = await start(json('{}'))
    const isCut = body === BODY && status === 400
    const response = await post(up, isCut ? BODY.slice(1) : body, path, headers)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code, request_id: expect.any(String) })
    expect(bodies).toEqual([])
    expect(desk.held).toEqual([])
  })

  test('a call that does not fit says which cap', async () => {
    desk.quota = WORST - 1
    const response = await post(await start(json('{}')))
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('60')
    expect(await response.json()).toMatchObject({
      code: 'spend_exceeded',
      retry_after: 60,
      message: expect.stringContaining('spend_day'),
    })
  })

  test('a body that grows too large', async () => {
    const up = await start(json('{}'), { gateway: { maxBodyBytes: 1_000 } })
    const client = new RawClient(up.port)
    const head = `POST ${CHAT} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${up.key}\r\n`
    client.send(`${head}Transfer-Encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2_000)}\r\n`)
    expect((await client.answer()).status).toBe(413)
    expect(await client.closed()).toBe(true)
  })

  test('a body that does not arrive in time', async () => {
    const gateway = { headersTimeoutMs: 200, requestTimeoutMs: 300 }
    const up = await start(json('{}'), { gateway })
    const client = new RawClient(up.port)
    const head = `POST ${CHAT} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${up.key}\r\n`
    client.send(`${head}Content-Length: 100\r\n\r\n{"model"`)
    expect((await client.answer()).status).toBe(408)
    client.end()
  })

  test('an expectation is met once somebody with a key asks', async () => {
    const up = await start(json('{}'))
    const client = new RawClient(up.port)
    const head = `POST ${CHAT} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${up.key}\r\nExpect: 100-continue\r\n`
    client.send(`${head}Content-Length: ${BODY.length}\r\n\r\n`)
    expect(await until(() => client.received.includes('100 Continue'))).toBe(true)
    client.send(BODY)
    expect(await until(() => client.received.includes('200 OK'))).toBe(true)
    client.end()
  })
})

describe('other requests', () => {
  const get = ({ url, key }: Rig, path: string, method = 'GET'): Promise<Response> =>
    fetch(url + path, { method, headers: { 'x-api-key': key } })

  test('cost the default price, but for those that are free', async () => {
    desk = scriptedDesk({ ...PRICE, perRequestMicroUsd: 6_600 })
    const up = await start(json('{}'))
    await get(up, '/v1/models')
    await get(up, '/v1/models/m')
    await get(up, '/anything', 'HEAD')
    await get(up, '/anything', 'OPTIONS')
    expect(desk.held).toEqual([])
    await get(up, '/anything')
    await post(up, BODY, '/v1/images/generations')
    expect(desk.held.map(({ intent }) => intent)).toEqual([
      { model: null, amount: { microUsd: 6_600, tokens: 0 } },
      { model: null, amount: { microUsd: 6_600, tokens: 0 } },
    ])
    await until(() => desk.held.every(({ settled }) => settled.length === 1))
    expect(desk.held.map(({ settled }) => settled[0]?.amount.microUsd)).toEqual([6_600, 6_600])
    expect(bodies.at(-1)).toBe(BODY)
  })

  test('cost nothing without one, which is said once', async () => {
    const up = await start(json('{}'))
    await get(up, '/anything')
    expect(desk.held).toEqual([])
    expect(up.logged.filter((line) => line.includes('spend.defaultPrice'))).toHaveLength(1)
  })

  test.each<[string, object, Answer, number]>([
    ['a price', { perRequestMicroUsd: 700 }, json('{}'), 700],
    ['a price, and an error', { perRequestMicroUsd: 700 }, json('{}', 500), 0],
    [
      'a header',
      { perRequestMicroUsd: 700, header: 'x-cost' },
      (response) => void response.writeHead(200, { 'x-cost': '1.2e-05' }).end(),
      12,
    ],
    ['a header that is not there', { perRequestMicroUsd: 700, header: 'x-cost' }, json('{}'), 700],
    [
      'a member, of an error too',
      { perRequestMicroUsd: 700, jsonPath: ['usage', 'cost'] },
      json('{"usage":{"cost":0.0066}}', 500),
      6_600,
    ],
    [
      'a member in micro-dollars',
      { perRequestMicroUsd: 0, jsonPath: ['cost'], unit: 'micro_usd' },
      json('{"cost":41.2}'),
      42,
    ],
    [
      'a member that is no cost',
      { perRequestMicroUsd: 700, jsonPath: ['usage', 'cost'] },
      json('{"usage":{"cost":-5}}'),
      700,
    ],
  ])('of a route cost what it says: %s', async (_what, spend, answer, micro) => {
    const route = { path: '/own', cost: 1, limits: [], spend: { perRequestMicroUsd: 0, ...spend } }
    const up = await start(answer, { gateway: { routes: [route] } })
    await (await post(up, BODY, `/own${CHAT}`)).text()
    expect(bodies).toEqual([BODY])
    expect(await cost()).toBe(micro)
  })
})
