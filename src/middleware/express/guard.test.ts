import { once } from 'node:events'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import express5 from 'express'
import helmet from 'helmet'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Allowed, Decision, Denied } from '../../core/decision.ts'
import { ConfigError } from '../../core/errors.ts'
import type { CheckRequest, RequestGate } from '../../engine/gate.ts'
import { type GuardOptions, guard } from './index.ts'

const express4: typeof express5 = createRequire(import.meta.url)('express4')
const KEY = `sk_live_7Hq2mZ9x_${'a1B2c3D4e5'.repeat(5).slice(0, 49)}`
const WITH_KEY = { authorization: `Bearer ${KEY}` }

/** A gate that holds no keys: it admits KEY for its scopes, as `check` says, and counts calls. */
class ScriptedGate implements RequestGate {
  readonly asked: CheckRequest[] = []
  readonly settled: Allowed[] = []
  readonly warnings: object[] = []
  readonly failures: object[] = []
  readonly tiers = new Map()
  readonly spend = null
  readonly http = {
    ...({ trustedProxies: [], ipv6PrefixBits: 64, legacyHeaders: false } as const),
    ...({ errors: 'lockgate', realm: 'api' } as const),
  }
  readonly log = {
    debug: () => {},
    info: () => {},
    warn: (fields: object) => void this.warnings.push(fields),
    error: (fields: object) => void this.failures.push(fields),
  }
  scopes: readonly string[] = ['read', 'write']
  mustSettle = false
  /** Where set, a check waits for it. */
  hold: Promise<void> | undefined
  bug: Error | undefined

  recognise(): Denied {
    return { allowed: false, code: 'missing_key', limits: [] }
  }

  check(request: CheckRequest): Decision | Promise<Decision> {
    this.asked.push(request)
    if (this.bug) throw this.bug
    const decision = this.#decide(request)
    return this.hold ? this.hold.then(() => decision) : decision
  }

  #decide({ presentedKey, scope }: CheckRequest): Decision {
    if (presentedKey === undefined) return { allowed: false, code: 'missing_key', limits: [] }
    if (scope !== undefined && !this.scopes.includes(String(scope))) {
      return { allowed: false, code: 'insufficient_scope', scope: String(scope), limits: [] }
    }
    return {
      allowed: true,
      identity: {
        ...{ keyId: '7Hq2mZ9x', owner: 'ada@example.com', ownerExternalId: null, keyName: null },
        ...{ tier: 'free', scopes: this.scopes, mode: 'live' },
      },
      limits: [{ name: 'minute', quota: 60, windowMs: 60_000, remaining: 59, resetMs: 60_000 }],
      receipt: { atMs: 0, charges: [] },
      mustSettle: this.mustSettle,
    }
  }

  settle(allowed: Allowed): void {
    this.settled.push(allowed)
  }

  readonly address = null
  readonly notes = { warnings: new Set<string>(), routes: new Map<string, number>() }
  countRefused(): undefined {}
}

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('guard on %s', (version, express) => {
  let gate: ScriptedGate
  let servers: Server[]
  let app: ReturnType<typeof express>
  beforeEach(() => {
    gate = new ScriptedGate()
    servers = []
    app = express()
    app.set('env', 'test')
  })
  afterEach(async () => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  })

  async function listen(): Promise<string> {
    const server = createServer(app).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const settledOnce = () => vi.waitFor(() => expect(gate.settled.length).toBe(1))

  describe('a request that is admitted', () => {
    test('reaches its handler with the identity and answers with the limits', async () => {
      app.use('/v1', guard(gate, { scope: 'write' }))
      app.post('/v1/clean', (req, res) => {
        res.json(req.lockgate)
      })
      const url = await listen()
      const response = await fetch(`${url}/v1/clean`, { method: 'POST', headers: WITH_KEY })
      expect(response.headers.get('ratelimit-policy')).toBe('"minute";q=60;w=60')
      expect(response.headers.get('ratelimit')).toBe('"minute";r=59;t=60')
      expect(await response.json()).toEqual({
        ...{ keyId: '7Hq2mZ9x', owner: 'ada@example.com', ownerExternalId: null, keyName: null },
        ...{ tier: 'free', scopes: ['read', 'write'], mode: 'live' },
        requestId: gate.asked[0]?.requestId,
        limits: [{ name: 'minute', quota: 60, windowMs: 60_000, remaining: 59, resetMs: 60_000 }],
      })
    })

    test.each([
      ['before', true],
      ['after', false],
    ])('keeps its body with a body parser %s the guard', async (_, parserFirst) => {
      const middleware = [guard(gate), express.json()]
      app.use(...(parserFirst ? middleware.reverse() : middleware))
      app.post('/', (req, res) => {
        res.json(req.body)
      })
      const headers = { ...WITH_KEY, 'content-type': 'application/json' }
      const response = await fetch(await listen(), { method: 'POST', headers, body: '{"a":1}' })
      expect(await response.json()).toEqual({ a: 1 })
    })

    test.each([
      ['GET', 'read'],
      ['HEAD', 'read'],
      ['POST', 'write'],
      ['DELETE', 'write'],
    ])('with %s needs %s unless the guard names a scope', async (method, scope) => {
      app.use('/named', guard(gate, { scope: 'chat:write' }))
      app.use(guard(gate))
      const url = await listen()
      await fetch(url, { method, headers: WITH_KEY })
      await fetch(`${url}/named`, { method, headers: WITH_KEY })
      expect(gate.asked.map((request) => request.scope)).toEqual([scope, 'chat:write'])
    })

    test('leaves errors of the handler to the error handlers', async () => {
      app.use(guard(gate))
      app.get('/', () => {
        throw new Error('of the handler')
      })
      app.use(((error, _req, res, _next) => {
        res.status(418).send(error.message)
      }) satisfies express5.ErrorRequestHandler)
      const response = await fetch(await listen(), { headers: WITH_KEY })
      expect([response.status, await response.text()]).toEqual([418, 'of the handler'])
    })
  })

  describe('a request that is refused', () => {
    test('ends here, whatever handlers and error handlers there are', async () => {
      const reached = vi.fn()
      app.use(guard(gate))
      app.use(reached)
      app.use((error: unknown, _req: unknown, _res: unknown, _next: unknown) => reached(error))
      const response = await fetch(await listen())
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="api"')
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.json()).toMatchObject({
        ...{ code: 'missing_key', request_id: gate.asked[0]?.requestId },
      })
      expect(reached).not.toHaveBeenCalled()
    })

    test('keeps the headers that were set before', async () => {
      app.use(helmet())
      app.use((_req, res, next) => {
        res.set('access-control-allow-origin', 'https://app.example')
        next()
      })
      app.use(guard(gate))
      const response = await fetch(await listen())
      expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example')
      expect(response.headers.get('strict-transport-security')).not.toBeNull()
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    })

    test('has no body for HEAD and the length it would have', async () => {
      app.use(guard(gate))
      const response = await fetch(await listen(), { method: 'HEAD' })
      expect([response.status, await response.text()]).toEqual([401, ''])
      expect(Number(response.headers.get('content-length'))).toBeGreaterThan(20)
    })

    test('keeps the connection usable though its body was not read', async () => {
      app.use(guard(gate))
      const url = await listen()
      const big = 'x'.repeat(1_000_000)
      for (let n = 0; n < 3; n++) {
        expect((await fetch(url, { method: 'POST', body: big })).status).toBe(401)
      }
    })

    test('is found by the whole target within nested routers', async () => {
      const inner = express.Router()
      inner.use('/chat', guard(gate))
      const outer = express.Router()
      outer.use('/v1', inner)
      app.use('/api', outer)
      const response = await fetch(`${await listen()}/api/v1/chat?api_key=${KEY}`)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'key_in_url' })
    })

    test('is found by the target as it was sent, though something rewrote it', async () => {
      app.use((req, _res, next) => {
        req.url = '/'
        next()
      })
      app.use(guard(gate))
      const response = await fetch(`${await listen()}/v1?api_key=${KEY}`)
      expect(response.status).toBe(400)
    })

    test('can be a CORS preflight, so what answers those goes before the guard', async () => {
      app.options('/cors', (_req, res) => {
        res.sendStatus(204)
      })
      app.use(guard(gate))
      const url = await listen()
      const headers = { 'access-control-request-method': 'POST', origin: 'https://app.example' }
      expect((await fetch(`${url}/cors`, { method: 'OPTIONS', headers })).status).toBe(204)
      expect((await fetch(`${url}/other`, { method: 'OPTIONS', headers })).status).toBe(401)
    })

    test('by a bug is a 500 without detail', async () => {
      gate.bug = new Error('secret detail')
      app.use(guard(gate))
      const response = await fetch(await listen(), { headers: WITH_KEY })
      expect(response.status).toBe(500)
      expect(await response.text()).not.toContain('secret detail')
      expect(gate.failures).toMatchObject([{ request_id: gate.asked[0]?.requestId }])
    })
  })

  describe('a place that is held', () => {
    beforeEach(() => {
      gate.mustSettle = true
      app.use(guard(gate))
    })

    test('is given back once when the answer is written', async () => {
      app.get('/', (_req, res) => {
        res.send('done')
      })
      const url = await listen()
      await (await fetch(url, { headers: WITH_KEY })).text()
      await settledOnce()
    })

    test('is given back when the handler throws', async () => {
      app.get('/', () => {
        throw new Error('of the handler')
      })
      expect((await fetch(await listen(), { headers: WITH_KEY })).status).toBe(500)
      await settledOnce()
    })

    test('is given back when the client hangs up on a handler that never answers', async () => {
      const url = await listen()
      app.get('/', () => client.destroy())
      const client = httpRequest(url, { headers: WITH_KEY }).on('error', () => {})
      client.end()
      await settledOnce()
    })

    test('is given back when the client hangs up on a stream', async () => {
      app.get('/', (_req, res) => {
        res.write('one')
      })
      const client = httpRequest(await listen(), { headers: WITH_KEY })
      client.on('response', (response) => {
        response.on('error', () => {})
        client.destroy()
      })
      client.on('error', () => {}).end()
      await settledOnce()
    })

    test('is given back when the client hung up during the check, and no handler runs', async () => {
      const handler = vi.fn()
      app.get('/', handler)
      const url = await listen()
      const { promise, resolve } = Promise.withResolvers<void>()
      gate.hold = promise
      const client = httpRequest(url, { headers: WITH_KEY }).on('error', () => {})
      client.end()
      await vi.waitFor(() => expect(gate.asked.length).toBe(1))
      const [server] = servers
      client.destroy()
      await vi.waitFor(async () => {
        const { promise: counted, resolve: count } = Promise.withResolvers<number>()
        server?.getConnections((_, connections) => count(connections))
        expect(await counted).toBe(0)
      })
      resolve()
      await settledOnce()
      expect(handler).not.toHaveBeenCalled()
    })

    test('is given back for each request of a pipeline that is cut', async () => {
      app.get('/', () => {})
      const { port } = new URL(await listen())
      const client = connect(Number(port), '127.0.0.1')
      const one = `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n\r\n`
      client.write(one.repeat(5))
      await vi.waitFor(() => expect(gate.asked.length).toBe(5))
      client.destroy()
      await vi.waitFor(() => expect(gate.settled.length).toBe(5))
      expect(new Set(gate.settled).size).toBe(5)
    })
  })

  test.each([
    ['admission', WITH_KEY],
    ['refusal', {}],
  ])('an answer that was sent before the %s is left alone', async (_, headers) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate.hold = promise
    gate.mustSettle = true
    app.use((_req, res, next) => {
      next()
      res.status(503).send('too late')
    })
    const handler = vi.fn()
    app.use(guard(gate), handler)
    const response = await fetch(await listen(), { headers })
    expect([response.status, await response.text()]).toEqual([503, 'too late'])
    resolve()
    await vi.waitFor(() => expect(gate.settled.length).toBe(headers === WITH_KEY ? 1 : 0))
    expect(handler).not.toHaveBeenCalled()
  })

  describe('cost', () => {
    const answer: express5.RequestHandler = (_req, res) => {
      res.send('ok')
    }

    test('can depend on the request', async () => {
      app.use(express.json())
      app.use(guard(gate, { cost: (req: express5.Request) => req.body.n }))
      app.use(answer)
      const headers = { ...WITH_KEY, 'content-type': 'application/json' }
      await fetch(await listen(), { method: 'POST', headers, body: '{"n":7}' })
      expect(gate.asked[0]?.cost).toBe(7)
    })

    test('that throws is a 500, and the handler does not run', async () => {
      const handler = vi.fn()
      const cost = () => {
        throw new Error('of the cost')
      }
      app.use(guard(gate, { cost }), handler)
      expect((await fetch(await listen(), { headers: WITH_KEY })).status).toBe(500)
      expect(gate.failures).toMatchObject([{ err: { message: 'of the cost' } }])
      expect(handler).not.toHaveBeenCalled()
    })
  })

  test('limits of a guard count on their own, and the same after a restart', async () => {
    const limits = [{ name: 'slow', quota: 2, window: '1m' }]
    const routeIds = async (restarted: ScriptedGate) => {
      const router = express()
      for (const path of ['/a', '/b']) router.get(path, guard(restarted, { limits }))
      app = router
      const url = await listen()
      for (const path of ['/a', '/b', '/a']) {
        await fetch(`${url}${path}`, { headers: WITH_KEY })
      }
      return restarted.asked.map(({ route }) => route?.id)
    }
    const [a, b, again] = await routeIds(gate)
    expect(a).not.toBe(b)
    expect(again).toBe(a)
    expect(await routeIds(new ScriptedGate())).toEqual([a, b, a])
  })

  describe('two guards on one request', () => {
    const answer: express5.RequestHandler = (req, res) => {
      res.json(req.lockgate.requestId)
    }
    const ask = async (path = '/v1') => fetch(`${await listen()}${path}`, { headers: WITH_KEY })

    test('of one gate charge once and warn once', async () => {
      app.use(guard(gate))
      app.use('/v1', guard(gate), guard(gate), answer)
      const response = await ask()
      expect(await response.json()).toBe(gate.asked[0]?.requestId)
      await ask()
      expect(gate.asked.length).toBe(2)
      expect(gate.warnings).toMatchObject([{ check: 'guarded_twice' }])
    })

    test('of one gate both ask for their scope', async () => {
      app.use(guard(gate, { scope: 'read' }))
      app.use('/v1', guard(gate, { scope: 'admin' }), answer)
      const response = await ask()
      expect(response.status).toBe(403)
      expect(response.headers.get('www-authenticate')).toContain('scope="admin"')
      expect(await response.json()).toMatchObject({ request_id: gate.asked[0]?.requestId })
    })

    test('of one gate are both checked where the inner one has limits', async () => {
      app.use(guard(gate))
      const limits = [{ name: 'slow', quota: 2, window: '1m' }]
      app.use('/v1', guard(gate, { limits }), answer)
      expect((await ask()).status).toBe(200)
      expect(gate.asked.map(({ route }) => route?.limits[0]?.name)).toEqual([undefined, 'slow'])
    })

    test('of two gates are both checked', async () => {
      const other = new ScriptedGate()
      other.scopes = []
      app.use(guard(gate), guard(other), answer)
      expect((await ask()).status).toBe(403)
      expect([gate.asked.length, other.asked.length]).toEqual([1, 1])
    })
  })

  test('an object that looks like an identity opens nothing', async () => {
    app.use((req, _res, next) => {
      req.lockgate = JSON.parse('{"owner":"mallory@example.com","scopes":["read","write"]}')
      next()
    })
    app.use(guard(gate))
    expect((await fetch(await listen())).status).toBe(401)
  })

  test(`is a named function in ${version}`, () => {
    expect(guard(gate).name).toBe('lockgateGuard')
  })
})

describe('options of guard', () => {
  const gate = new ScriptedGate()
  const untyped = (options: object) => options as GuardOptions<never>

  test.each([
    [{ scop: 'write' }, /no option "scop"/],
    [{ scope: '' }, /^scope/],
    [{ scope: 'a b' }, /^scope/],
    [{ scope: 'a"b' }, /^scope/],
    [{ cost: 0 }, /^cost/],
    [{ cost: Number.NaN }, /^cost/],
    [{ cost: '1' }, /^cost/],
    [{ limits: [{ name: 'x', quota: 1, window: '1y' }] }, /^limits\[0\]\.window/],
    [{ limits: {} }, /^limits must be/],
  ])('%j is refused when the guard is built', (options, message) => {
    expect(() => guard(gate, untyped(options))).toThrow(ConfigError)
    expect(() => guard(gate, untyped(options))).toThrow(message)
  })

  test('are copied: a later change has no effect', async () => {
    const options = { scope: 'read' }
    const middleware = guard(gate, options)
    options.scope = 'none'
    const app = express5().use(middleware, (_req, res) => {
      res.send('ok')
    })
    const server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect((await fetch(`http://127.0.0.1:${port}`, { headers: WITH_KEY })).status).toBe(200)
    server.closeAllConnections()
    server.close()
  })
})
