import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../../tests/admin/rig.ts'
import { DOCUMENTED } from '../api-routes.ts'

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
interface Operation {
  readonly operationId: string
  readonly security: readonly object[]
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

let rig: AdminRig
let document: Document & Record<string, unknown>
beforeAll(async () => {
  rig = await startAdminRig()
  const { json } = await rig.call('GET', '/openapi.json')
  document = json as unknown as typeof document
})
afterAll(() => rig.stop())

const operations = () => Object.values(document.paths).flatMap((path) => Object.values(path))

describe('200', () => {
  test('the document is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toBe('3.1.1')
    const { valid, errors } = await new Validator().validate(structuredClone(document))
    expect(errors ?? []).toEqual([])
    expect(valid).toBe(true)
  })

  test('it tells of every route that there is, and of no other', () => {
    const told = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(told.sort()).toEqual(rig.routes.map(({ method, path }) => `${method} ${path}`).sort())
  })

  test('who may ask is what the table of routes says', () => {
    for (const { method, path, access } of rig.routes) {
      const told = DOCUMENTED.find((route) => route.method === method && route.path === path)
      expect([path, told?.access]).toEqual([path, access])
      const { security } = document.paths[path]?.[method.toLowerCase()] ?? { security: [{}] }
      expect([path, security.length === 0]).toEqual([path, access === 'public'])
    }
  })

  test('operations have names of their own, and say with which codes they refuse', () => {
    const names = operations().map(({ operationId }) => operationId)
    expect(new Set(names).size).toBe(names.length)
    const rotate = document.paths['/v1/keys/{id}/rotate']?.['post']
    expect(rotate?.responses['409']?.description).toContain('`conflict`')
    expect(rotate?.responses['403']?.description).toContain('`insufficient_scope`')
    expect(Object.keys(rotate?.responses ?? {})).toEqual(expect.arrayContaining(['201', '429']))
  })
})
