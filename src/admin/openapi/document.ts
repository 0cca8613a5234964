/** The OpenAPI 3.1 document, made of the schemas by which requests are checked. */
import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject } from 'zod-openapi'
import { ERRORS, type ErrorCode } from '../../core/errors.ts'
import type { Content, Documented } from '../contract/documented.ts'

export interface DocumentOptions {
  readonly version: string
}

export function openApiDocument(routes: readonly Documented[], options: DocumentOptions): object {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Lockgate admin API',
      version: options.version,
      description:
        'Keys, checks of keys, leaks and the audit log. Every refusal has a stable `code`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  })
}

function operationOf(route: Documented): ZodOpenApiOperationObject {
  const { operationId, summary, description, access, query, headers, body } = route
  const path = pathParams(route.path)
  return {
    ...{
      operationId,
      summary,
      security: access === 'public' ? [] : [{ bearer: [] }, { apiKey: [] }],
    },
    ...(description === undefined ? {} : { description: withScopes(description, access) }),
    requestParams: {
      ...(path && { path }),
      ...(query && { query }),
      ...(headers && { header: headers }),
    },
    ...(body && {
      requestBody: { required: body.isOptional !== true, content: contentOf([body]) },
    }),
    responses: { ...answersOf(route), ...refusalsOf(route) },
  }
}

const SCOPES: Readonly<Record<Documented['access'], string>> = {
  public: '',
  client: '',
  self: 'Needs the scope `self` or `admin`. ',
  admin: 'Needs the scope `admin`. ',
}

const withScopes = (description: string, access: Documented['access']): string =>
  SCOPES[access] + description

function pathParams(path: string): z.ZodObject | undefined {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  if (names.length === 0) return undefined
  return z.object(Object.fromEntries(names.map((name) => [name, z.string()])))
}

const contentOf = (contents: readonly Content[]) =>
  Object.fromEntries(contents.map(({ type, schema }) => [type, { schema }]))

function answersOf({ answers, access }: Documented) {
  const headers = access === 'public' ? {} : { headers: RATE_LIMIT }
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, contents }]) => [
      status,
      { description, ...headers, content: contentOf(contents) },
    ]),
  )
}

const RATE_LIMIT = z.object({
  'RateLimit-Policy': z.string().optional(),
  RateLimit: z.string().optional(),
})

function refusalsOf({ refusals, answers, refusesWithPages = false }: Documented) {
  const page = refusesWithPages ? [{ type: 'text/html', schema: z.string() }] : []
  return Object.fromEntries(
    [...refusals].map(([status, codes]) => {
      const refusal = { type: 'application/json', schema: refusalSchema(status, codes) }
      const also = answers[status]
      const description = codes.map((code) => `\`${code}\`: ${ERRORS[code].message}`).join('\n\n')
      const contents =
        also === undefined ? [refusal, ...page] : [either(also.contents, refusal), ...page]
      return [
        String(status),
        {
          description: also === undefined ? description : `${also.description}\n\n${description}`,
          ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}),
          content: contentOf(contents),
        },
      ]
    }),
  )
}

/** A status that is an answer of the route and a refusal as well, such as 503 of `/health`. */
const either = ([answer]: readonly Content[], refusal: Content): Content =>
  answer === undefined ? refusal : { ...refusal, schema: z.union([answer.schema, refusal.schema]) }

const RETRY_AFTER = z.object({
  'Retry-After': z.string().meta({ description: 'Whole seconds; the same as `retry_after`.' }),
})

function refusalSchema(status: number, codes: readonly ErrorCode[]): z.ZodType {
  return z.strictObject({
    code: z.enum(codes),
    message: z.string(),
    request_id: z.string(),
    ...(status === 429 || status === 503 ? { retry_after: z.int().min(1) } : {}),
  })
}
