import { describe, expect, test } from 'vitest'
import type { Decision, Denied } from '../core/decision.ts'
import { LockgateError } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { HttpSettings } from '../core/settings.ts'
import type { CheckRequest, RequestGate } from '../engine/gate.ts'
import type { Admission, AdmissionOptions, RawRequest } from './admission.ts'
import { createAdmission, scopeForMethod } from './admit.ts'

const KEY = `sk_live_7Hq2mZ9x_${'a1B2c3D4e5'.repeat(5).slice(0, 49)}`

const ALLOWED: Decision = {
  allowed: true,
  identity: {
    ...{ keyId: '7Hq2mZ9x', owner: 'ada@example.com', ownerExternalId: null, keyName: null },
    ...{ tier: 'free', scopes: ['read'], mode: 'live' },
  },
  limits: [{ name: 'minute', quota: 60, windowMs: 60_000, remaining: 59, resetMs: 60_000 }],
  receipt: { atMs: 0, charges: [] },
  mustSettle: false,
}

interface GateScript {
  readonly check?: (request: CheckRequest) => Decision | Promise<Decision>
  readonly countRefused?: (address: string | undefined, requestId: string) => Denied | undefined
  readonly http?: Partial<HttpSettings>
}

/** A gate that answers as told and keeps what it was asked and what was logged. */
function scriptedGate({ check = () => ALLOWED, countRefused, http }: GateScript = {}) {
  const asked: CheckRequest[] = []
  const refusedFrom: (string | undefined)[] = []
  const logged: { readonly level: string; readonly fields: object; readonly message: string }[] = []
  const at = (level: string) => (fields: object, message: string) => {
    logged.push({ level, fields, message })
  }
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const gate: RequestGate = {
    check(request) {
      asked.push(request)
      return check(request)
    },
    countRefused(address, requestId) {
      refusedFrom.push(address)
      return countRefused?.(address, requestId)
    },
    recognise: () => ({ allowed: false, code: 'missing_key', limits: [] }),
    spend: null,
    settle: () => {},
    tiers: new Map(),
    http: {
      ...{ trustedProxies: [], ipv6PrefixBits: 64, errors: 'lockgate', legacyHeaders: false },
      ...{ realm: 'api', ...http },
    },
    log,
    address: null,
    notes: { warnings: new Set(), routes: new Map() },
  }
  return { gate, asked, refusedFrom, logged }
}

const requestWith = (...rawHeaders: readonly string[]): RawRequest => ({
  ...{ method: 'POST', target: '/v1/chat', rawHeaders, remoteAddress: '2001:db8::7' },
})
const GOOD = requestWith('Authorization', `Bearer ${KEY}`)

function admitNow(gate: RequestGate, request: RawRequest, options?: AdmissionOptions): Admission {
  const admission = createAdmission(gate)(request, options)
  if (admission instanceof Promise) throw new Error('expected a synchronous admission')
  return admission
}

function refusalOf(admission: Admission) {
  if (admission.admitted) throw new Error('expected a refusal')
  const { refusal, requestId } = admission
  return { refusal, requestId, body: JSON.parse(refusal.body) }
}

describe('an admission', () => {
  test('is synchronous where the check is, with the headers of the limits', () => {
    const { gate } = scriptedGate()
    expect(admitNow(gate, GOOD)).toMatchObject({
      admitted: true,
      identity: { owner: 'ada@example.com' },
      headers: [
        ['RateLimit-Policy', '"minute";q=60;w=60'],
        ['RateLimit', '"minute";r=59;t=60'],
      ],
    })
  })

  test('waits where the check does', async () => {
    const { gate } = scriptedGate({ check: async () => ALLOWED })
    const admission = createAdmission(gate)(GOOD)
    expect(admission).toBeInstanceOf(Promise)
    expect(await admission).toMatchObject({ admitted: true })
  })

  test('asks the gate about key, address and what the route needs', () => {
    const { gate, asked } = scriptedGate()
    const route = { id: 'r', limits: [] }
    const { requestId } = admitNow(gate, GOOD, { scope: 'chat:write', cost: 3, route })
    expect(asked).toEqual([
      {
        ...{ presentedKey: KEY, address: '2001:db8::/64', clientIp: '2001:db8::7', requestId },
        ...{ scope: 'chat:write', cost: 3, route, routeOnly: false },
      },
    ])
  })

  test('leaves a request without a key to the gate', () => {
    const { gate, asked } = scriptedGate({
      check: () => ({ allowed: false, code: 'missing_key', limits: [] }),
    })
    expect(refusalOf(admitNow(gate, requestWith())).body.code).toBe('missing_key')
    expect(asked[0]?.presentedKey).toBeUndefined()
  })
})

describe('a denial', () => {
  test('becomes the refusal of its code, with wait, limits and request id', () => {
    const { gate } = scriptedGate({
      check: () => ({
        ...{ allowed: false, code: 'rate_limited', retryAfterSeconds: 9, limitName: 'minute' },
        limits: [{ name: 'minute', quota: 60, windowMs: 60_000, remaining: 0, resetMs: 8_200 }],
      }),
    })
    const { refusal, requestId, body } = refusalOf(admitNow(gate, GOOD))
    expect(refusal.status).toBe(429)
    expect(refusal.headers).toContainEqual(['Retry-After', '9'])
    expect(refusal.headers).toContainEqual(['RateLimit', '"minute";r=0;t=9'])
    expect(body).toMatchObject({ code: 'rate_limited', retry_after: 9, request_id: requestId })
  })

  test('of a malformed credential never reaches the check, and counts against the address', () => {
    const { gate, asked, refusedFrom } = scriptedGate()
    const { refusal, body } = refusalOf(admitNow(gate, requestWith('Authorization', 'Bearer')))
    expect([refusal.status, body.code]).toEqual([400, 'malformed_authorization'])
    expect(asked).toEqual([])
    expect(refusedFrom).toEqual(['2001:db8::/64'])
  })

  test('of an address over its limit wins over a malformed credential', () => {
    const { gate } = scriptedGate({
      countRefused: () => ({
        ...{ allowed: false, code: 'rate_limited', retryAfterSeconds: 30, limits: [] },
      }),
    })
    const { refusal } = refusalOf(admitNow(gate, requestWith('Authorization', 'Bearer')))
    expect(refusal.status).toBe(429)
  })
})

describe('a failure', () => {
  const bug = () => {
    throw new TypeError('secret detail')
  }
  test.each([
    ['thrown', bug],
    ['rejected', async () => bug()],
  ])('%s is a 500 without detail; the detail is logged under the request id', async (_, check) => {
    const { gate, logged } = scriptedGate({ check })
    const { refusal, requestId } = refusalOf(await createAdmission(gate)(GOOD))
    expect(refusal.status).toBe(500)
    expect(refusal.body).not.toContain('secret detail')
    expect(logged).toMatchObject([
      { level: 'error', fields: { request_id: requestId, err: { message: 'secret detail' } } },
    ])
  })

  test('with a code keeps it', () => {
    const { gate, logged } = scriptedGate({
      check: () => {
        throw new LockgateError('invalid_field', 'cost must be at least 1')
      },
    })
    const { refusal, body } = refusalOf(admitNow(gate, GOOD))
    expect([refusal.status, body.message]).toEqual([422, 'cost must be at least 1'])
    expect(logged).toEqual([])
  })

  test('of the cost function is a failure like any other', () => {
    const { gate, asked } = scriptedGate()
    expect(refusalOf(admitNow(gate, GOOD, { cost: bug })).refusal.status).toBe(500)
    expect(asked).toEqual([])
  })
})

test('no key and no target is ever logged', () => {
  const { gate, logged } = scriptedGate({
    check: () => {
      throw new Error('bug')
    },
  })
  const admit = createAdmission(gate)
  admit(requestWith('Authorization', `Bearer ${KEY}`, 'X-Forwarded-For', KEY))
  admit({ ...requestWith('X-API-Key', KEY), target: `/v1?api_key=${KEY}` })
  admit(requestWith('Authorization', `Bearer ${KEY}`, 'Authorization', KEY))
  expect(logged.length).toBeGreaterThan(0)
  expect(JSON.stringify(logged)).not.toContain('7Hq2mZ9x')
})

describe('foot-guns', () => {
  const forwarded = requestWith('Authorization', `Bearer ${KEY}`, 'x-forwarded-for', '1.1.1.1')
  const checks = (logged: readonly { readonly fields: object }[]) =>
    logged.map(({ fields }) => ('check' in fields ? fields.check : undefined))

  test.each(['X-Forwarded-For', 'Forwarded', 'x-forwarded-for'])(
    '%s without a trusted proxy is named once per gate, with a page',
    (name) => {
      const { gate, logged } = scriptedGate()
      for (let admissions = 0; admissions < 3; admissions++) {
        const admit = createAdmission(gate)
        for (let n = 0; n < 3; n++) admit(requestWith(name, '1.1.1.1'))
      }
      expect(logged).toMatchObject([
        {
          level: 'warn',
          fields: { check: 'untrusted_proxy', docs: expect.stringMatching(/^https:.+\/docs\/.+#/) },
        },
      ])
    },
  )

  test('a gate that trusts a proxy is not warned', () => {
    const { gate, logged } = scriptedGate({ http: { trustedProxies: ['10.0.0.1'] } })
    createAdmission(gate)(forwarded)
    expect(logged).toEqual([])
  })

  const limit = (name: string, quota: number) =>
    ({ name, quota, windowMs: 60_000, algorithm: 'sliding-window' }) as const
  const withLimits = (addressQuota: number, tierQuota: number) => {
    const { gate, logged } = scriptedGate()
    const tiers = new Map([['paid', { name: 'paid', limits: [limit('minute', tierQuota)] }]])
    const address = { limits: [limit('ip', addressQuota)], failures: limit('ip-failures', 20) }
    return { gate: { ...gate, tiers, address }, logged }
  }

  test('an address limit below a tier is named when the gate is first used', () => {
    const { gate, logged } = withLimits(100, 600)
    createAdmission(gate)
    createAdmission(gate)
    expect(checks(logged)).toEqual(['address_below_tier'])
  })

  test('an address limit above all tiers is not', () => {
    const { gate, logged } = withLimits(1200, 600)
    createAdmission(gate)
    expect(logged).toEqual([])
  })
})

test.each([
  ['GET', 'read'],
  ['HEAD', 'read'],
  ['POST', 'write'],
  ['DELETE', 'write'],
  ['OPTIONS', 'write'],
  ['get', 'write'],
])('%s needs %s where nothing else is said', (method, scope) => {
  expect(scopeForMethod(method)).toBe(scope)
})
