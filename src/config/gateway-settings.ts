/** The settings of the gateway and of its routes: defaults, and one form for names and paths. Pure. */
import { ConfigError } from '../core/errors.ts'
import type { GatewaySettings, RouteSettings } from '../core/settings.ts'
import { readUpstream, trimSlash, UPSTREAM_RULE } from './http-values.ts'
import type { ReadConfig } from './schema.ts'
import { routeSpendSettings } from './spend-settings.ts'

export function gatewaySettings(read: ReadConfig, upstream: string | undefined): GatewaySettings {
  const { gateway = {}, routes = [], upstreamHeaders = {} } = read
  const headers = Object.entries(upstreamHeaders).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ])
  return {
    upstream: upstream === undefined ? read.upstream : checkUpstream(upstream),
    upstreamHeaders: Object.fromEntries(headers),
    routes: routes.map((route) => routeSettings(route, read.spend)),
    maxBodyBytes: gateway.maxBodyBytes ?? 10 * 1024 * 1024,
    headersTimeoutMs: gateway.headersTimeout ?? 10_000,
    requestTimeoutMs: gateway.requestTimeout ?? 60_000,
    upstreamTimeoutMs: gateway.upstreamTimeout ?? 120_000,
    upstreamIdleTimeoutMs: gateway.upstreamIdleTimeout ?? 120_000,
    connectTimeoutMs: gateway.connectTimeout ?? 5_000,
    drainDelayMs: gateway.drainDelay ?? 0,
    drainTimeoutMs: gateway.drainTimeout ?? 10_000,
  }
}

function checkUpstream(input: string): string {
  const upstream = readUpstream(input)
  if (upstream !== undefined) return upstream
  throw new ConfigError(`upstream must be ${UPSTREAM_RULE}`)
}

function routeSettings(
  read: NonNullable<ReadConfig['routes']>[number],
  allSpend: ReadConfig['spend'],
): RouteSettings {
  const { path, methods, scope, upstream, spend } = read
  return {
    path: path === '/' ? path : trimSlash(path),
    ...(methods === undefined ? {} : { methods: [...methods] }),
    ...(scope === undefined ? {} : { scope }),
    cost: read.cost ?? 1,
    limits: [...(read.limits ?? [])],
    ...(upstream === undefined ? {} : { upstream }),
    ...(spend === undefined ? {} : { spend: routeSpendSettings(spend, allSpend) }),
  }
}
