import { describe, expect, test } from 'vitest'
import type { GatewaySettings, RouteSettings } from '../core/settings.ts'
import { readTarget } from '../http/server/target.ts'
import { optionsFor, Routes } from './routes.ts'
import type { Upstream } from './upstream.ts'

const limits = [
  { name: 'hour', quota: 5, windowMs: 3_600_000, algorithm: 'sliding-window' as const },
]
const ROUTES: readonly RouteSettings[] = [
  { path: '/v1/chat', methods: ['POST'], scope: 'chat:write', cost: 5, limits },
  { path: '/v1/', cost: 1, limits: [], upstream: 'http://b' },
  { path: '/admin', scope: 'admin', cost: 1, limits: [] },
]

function routesOf(upstream: string | undefined, routes = ROUTES): Routes {
  const settings = { upstream, routes } as GatewaySettings
  return new Routes(settings, (url) => ({ host: url }) as Upstream)
}

function match(routes: Routes, method: string, path: string) {
  const target = readTarget(path, 'a')
  if (!target.ok) throw new Error(`bad target ${path}`)
  const route = routes.match(method, target)
  return route && { upstream: route.upstream.host, ...optionsFor(route, method) }
}

describe('routes', () => {
  const routes = routesOf('http://a')

  test('the first match wins, by method and whole segments', () => {
    expect(match(routes, 'POST', '/v1/chat/completions')).toMatchObject({
      upstream: 'http://a',
      scope: 'chat:write',
      cost: 5,
      route: { id: 'POST /v1/chat', limits },
    })
    expect(match(routes, 'GET', '/v1/chat')).toMatchObject({ upstream: 'http://b', scope: 'read' })
    expect(match(routes, 'POST', '/v1/chatter')).toMatchObject({ upstream: 'http://b', cost: 1 })
    expect(match(routes, 'POST', '/v1')).toMatchObject({ upstream: 'http://b' })
    expect(match(routes, 'POST', '/v10')).toMatchObject({ upstream: 'http://a' })
  })

  test.each([
    ['GET', 'read'],
    ['HEAD', 'read'],
    ['POST', 'write'],
    ['DELETE', 'write'],
    ['OPTIONS', 'write'],
    ['PROPFIND', 'write'],
  ])('%s needs %s where nothing else is said', (method, scope) => {
    expect(match(routes, method, '/x')).toMatchObject({ scope, cost: 1, route: undefined })
  })

  test.each(['/%61dmin', '/admin%2Fusers', '/%61%64%6d%69%6e/x', '/admin/'])(
    'an encoded spelling does not slip past a route: %s',
    (path) => {
      expect(match(routes, 'GET', path)).toMatchObject({ scope: 'admin' })
    },
  )

  test('without a default upstream, what matches nothing has no route', () => {
    const only = routesOf(undefined, [{ path: '/v1', cost: 1, limits: [], upstream: 'http://b' }])
    expect(match(only, 'GET', '/v1/x')).toBeDefined()
    expect(match(only, 'GET', '/v2')).toBeUndefined()
  })
})
