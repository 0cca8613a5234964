/**
 * Requests made of the OpenAPI document, as it says and broken in a place or two, sent to a real
 * server. Whatever is sent: no 5xx, only statuses and codes that the document lists for the route, and
 * answers that fit their schema. What the test and its soak share.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import { DOCUMENTED } from '../../src/admin/api-routes.ts'
import type { Documented } from '../../src/admin/contract/documented.ts'
import { openApiDocument } from '../../src/admin/openapi/document.ts'
import { fitting, type Schema, type Schemas } from './from-schema.ts'
import { type AdminRig, startAdminRig } from './rig.ts'

interface Operation {
  readonly parameters?: readonly { in: string; name: string; schema: Schema }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> }
  readonly responses: Readonly<Record<string, unknown>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Schemas }
}

interface Request {
  readonly operationId: string
  readonly params: readonly string[]
  readonly query: readonly (readonly [string, string])[]
  readonly key: string
  readonly type: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** Sends so many requests. Resolves with what was asked, and how often each gave each status. */
export async function sendGenerated(
  count: number,
): Promise<{ readonly asked: readonly string[]; readonly seen: ReadonlyMap<string, number> }> {
  const rig = await startAdminRig()
  const served = DOCUMENTED.filter(({ method, path }) =>
    rig.routes.some((route) => route.method === method && route.path === path),
  )
  const document = JSON.parse(JSON.stringify(openApiDocument(served, { version: '1' }))) as Document
  const seen = new Map<string, number>()
  const pools = await poolsOf(rig)
  const requests = fc.oneof(...served.map((route) => requestOf(route, document, pools)))
  try {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const { status } = await send(rig, request)
        const name = `${request.operationId} ${status}`
        seen.set(name, (seen.get(name) ?? 0) + 1)
      }),
      { numRuns: count },
    )
  } finally {
    await rig.stop()
  }
  return { asked: served.map(({ operationId }) => operationId), seen }
}

interface Pools {
  readonly keys: readonly string[]
  readonly ids: readonly string[]
  readonly cursors: readonly string[]
}

async function poolsOf(rig: AdminRig): Promise<Pools> {
  // Many, for requests end them: a key is rotated once, and not when it is revoked or disabled.
  const made = await Promise.all(
    Array.from({ length: 60 }, () => rig.issue({ owner: 'ada@example.com' })),
  )
  const self = await rig.issue({ owner: 'ada@example.com', scopes: ['self', 'read'] })
  const read = await rig.issue({ scopes: ['read'] })
  const pages = ['/v1/keys?limit=1', '/v1/audit?limit=1'].map(async (path) => {
    const { json } = await rig.call('GET', path, { key: rig.admin })
    return String(json['next_cursor'])
  })
  return {
    keys: [rig.admin, rig.admin, rig.admin, self.key, read.key],
    ids: made.map(({ id }) => id),
    cursors: await Promise.all(pages),
  }
}

/** Mostly `right`, so that a request is wrong in one place or two and the rest of it is read. */
const mostly = <T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: wrong })

function requestOf(route: Documented, document: Document, pools: Pools): fc.Arbitrary<Request> {
  const operation = document.paths[route.path]?.[route.method.toLowerCase()]
  const parameters = operation?.parameters ?? []
  const [type = '', content] = Object.entries(operation?.requestBody?.content ?? {})[0] ?? []
  const { schemas } = document.components
  const value = content === undefined ? fc.constant(undefined) : fitting(content.schema, schemas)
  const anyKey = fc.oneof(fc.string(), fc.constant(''))
  return fc.record({
    operationId: fc.constant(route.operationId),
    params: fc.array(mostly(fc.constantFrom(...pools.ids), segment), {
      minLength: 1,
      maxLength: 1,
    }),
    query: queryOf(parameters, schemas, pools),
    key: mostly(fc.constantFrom(...pools.keys), anyKey),
    type: mostly(fc.constant(type), fc.constantFrom('text/plain', 'application/json;x=y', '')),
    body: mostly(value.map(written), fc.oneof(broken(value), fc.json(), fc.string())),
    headers: fc.constantFrom(
      {},
      {},
      { 'idempotency-key': 'one' },
      { accept: 'application/x-ndjson' },
    ),
  })
}

/** Not one that whoever sends the URL resolves, so that another path is asked for. */
const segment = fc.string().filter((text) => text !== '.' && text !== '..')

const written = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value))

/** With a member that is not known, or with one replaced. */
const broken = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.tuple(value, fc.string(), fc.jsonValue()).map(([whole, name, other]) => {
    const members = typeof whole === 'object' && whole !== null ? whole : {}
    const names = Object.keys(members)
    const replaced = names[name.length % (names.length + 1)] ?? name
    return JSON.stringify({ ...members, [replaced]: other })
  })

function queryOf(
  parameters: NonNullable<Operation['parameters']>,
  schemas: Schemas,
  { cursors }: Pools,
): fc.Arbitrary<Request['query']> {
  const known = parameters.filter((parameter) => parameter.in === 'query')
  const pairs = known.map(({ name, schema }) => {
    const fits = name === 'cursor' ? fc.constantFrom(...cursors) : fitting(schema, schemas)
    return mostly(fits.map(String), fc.string()).map((text) => [name, text] as const)
  })
  const stranger = fc.tuple(fc.string({ minLength: 1 }), fc.string())
  if (pairs.length === 0)
    return mostly<Request['query']>(fc.constant([]), fc.array(stranger, { maxLength: 1 }))
  const some = fc.subarray([...pairs.keys()], { maxLength: Math.min(3, pairs.length) })
  const chosen = fc.tuple(some, fc.tuple(...pairs)).map(([at, all]) =>
    at.flatMap((i) => {
      const pair = all[i]
      return pair === undefined ? [] : [pair]
    }),
  )
  return mostly(
    chosen,
    fc.tuple(chosen, stranger).map(([all, one]) => [...all, one]),
  )
}

async function send(rig: AdminRig, request: Request): Promise<{ readonly status: number }> {
  const { operationId, params, query, key, type: bodyType, body, headers } = request
  const route = DOCUMENTED.find((known) => known.operationId === operationId)
  if (route === undefined) throw new Error(`no route ${operationId}`)
  const [id = ''] = params
  const path = route.path.replace(/\{\w+\}/, encodeURIComponent(id.toWellFormed()) || 'x')
  const search = query.length === 0 ? '' : `?${queryText(query)}`
  const answer = await rig.call(route.method, path + search, {
    headers: {
      ...headers,
      ...(headerSafe(key) ? { authorization: `Bearer ${key}` } : {}),
      ...(route.method === 'POST' && bodyType !== '' ? { 'content-type': bodyType } : {}),
    },
    ...(route.method === 'POST' ? { body: body.toWellFormed() } : {}),
  })
  expect(answer.status, answer.text).toBeLessThan(500)
  const [mediaType] = (answer.headers.get('content-type') ?? '').split(';', 1)
  const answered = route.answers[answer.status]?.contents.find(({ type }) => type === mediaType)
  const codes = route.refusals.get(answer.status)
  const where = `${answer.status} of ${operationId}: ${answer.text}`
  if (answered !== undefined) {
    answered.schema.parse(mediaType === 'application/json' ? answer.json : answer.text)
  } else if (route.refusesWithPages === true && mediaType === 'text/html') {
    expect(codes, where).toBeDefined()
  } else expect(codes, where).toContain(answer.json['code'])
  expect(answer.headers.get('cache-control')).toContain('no-store')
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  return answer
}

const queryText = (query: Request['query']): string =>
  query
    .map((pair) => pair.map((part) => encodeURIComponent(part.toWellFormed())).join('='))
    .join('&')

const headerSafe = (text: string): boolean => /^[\x21-\x7e]+$/.test(text)
