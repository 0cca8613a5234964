/** Values that fit a JSON schema of the OpenAPI document, made by fast-check. */
import fc from 'fast-check'

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly example?: unknown
}

export type Schemas = Readonly<Record<string, Schema>>

/** Texts that mean something here, beside any text. */
const TEXTS = ['ada@example.com', 'read', 'write', 'admin', 'free', 'open', 'gold', '10.0.0.0/8']
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS, '1m', '10s', '24h', '127.0.0.1') },
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const time = fc
  .date({ min: new Date(0), max: new Date('2400-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString())

/** What a schema gives as an example is most of what is made for it. */
export function fitting(schema: Schema, schemas: Schemas): fc.Arbitrary<unknown> {
  const any = fittingAny(schema, schemas)
  if (schema.example === undefined) return any
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(schema.example) },
    { weight: 1, arbitrary: any },
  )
}

function fittingAny(schema: Schema, schemas: Schemas): fc.Arbitrary<unknown> {
  const inner = (deeper: Schema): fc.Arbitrary<unknown> => fitting(deeper, schemas)
  if (schema.$ref !== undefined) {
    return inner(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})
  }
  const branches = schema.anyOf ?? schema.oneOf
  if (branches !== undefined) return fc.oneof(...branches.map(inner))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'object':
      return objectOf(schema, inner)
    case 'array':
      return fc.array(inner(schema.items ?? {}), { maxLength: 3 })
    case 'integer':
      return integerOf(schema)
    case 'number':
      return fc.double({ noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'string':
      return textOf(schema)
    default:
      return fc.jsonValue()
  }
}

function objectOf(
  { properties = {}, required = [] }: Schema,
  inner: (schema: Schema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const members = Object.entries(properties).map(([name, schema]) => [name, inner(schema)] as const)
  return fc.record(Object.fromEntries(members), { requiredKeys: [...required] })
}

function integerOf({ minimum = -(2 ** 31), maximum = 2 ** 31 }: Schema): fc.Arbitrary<unknown> {
  const small = fc.integer({ min: Math.max(minimum, 0), max: Math.min(maximum, 100) })
  const any = fc.maxSafeInteger().map((n) => Math.min(Math.max(n, minimum), maximum))
  return fc.oneof(small, any)
}

function textOf({ format }: Schema): fc.Arbitrary<unknown> {
  if (format === 'date-time') return time
  return format?.startsWith('ip') ? fc.ipV4() : text
}
