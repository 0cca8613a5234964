import { describe, expect, test } from 'vitest'
import { type AdminRoute, createFindRoute, jsonAnswer } from './routes.ts'

const route = (method: 'GET' | 'POST', path: string): AdminRoute => ({
  ...{ method, path, access: 'admin', handle: () => jsonAnswer(200, {}) },
})
const find = createFindRoute([
  ...[route('GET', '/v1/keys'), route('POST', '/v1/keys'), route('GET', '/v1/keys/{id}')],
  ...[route('POST', '/v1/keys/{id}/revoke'), route('POST', '/v1/verify')],
])
const found = (method: string, path: string) => {
  const { kind, ...rest } = find({ method, path })
  if (kind !== 'route') return 'allow' in rest ? rest.allow : kind
  return 'route' in rest ? [rest.route.path, rest.params] : kind
}

describe('a segment in braces', () => {
  test('takes any one segment that is not empty, decoded', () => {
    expect(found('GET', '/v1/keys/7Hq2mZ9x')).toEqual(['/v1/keys/{id}', { id: '7Hq2mZ9x' }])
    expect(found('GET', '/v1/keys/a%2Fb')).toEqual(['/v1/keys/{id}', { id: 'a/b' }])
    expect(found('POST', '/v1/keys/x/revoke')).toEqual(['/v1/keys/{id}/revoke', { id: 'x' }])
  })

  test.each(['/v1/keys/', '/v1/keys/a/b', '/v1/keys//revoke', '/v1/keys/%ff', '/v1/keys/a/'])(
    'does not take %s',
    (path) => expect(found('GET', path)).toBe('unknown_route'),
  )
})

test('HEAD finds what GET finds, and other methods are told what there is', () => {
  expect(found('HEAD', '/v1/keys')).toEqual(['/v1/keys', {}])
  expect(found('DELETE', '/v1/keys')).toBe('GET, HEAD, POST')
  expect(found('GET', '/v1/verify')).toBe('POST')
  expect(found('OPTIONS', '/v1/keys/x')).toBe('GET, HEAD')
})
