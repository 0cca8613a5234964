/** Problems that show only when several members are seen together. Pure. */
import type { Limit } from '../core/limits/limit.ts'
import type { RouteSettings, Settings } from '../core/settings.ts'

/** One line for each contradiction, naming the member to change. */
export function acrossProblems(settings: Settings): string[] {
  return [
    ...hashProblems(settings),
    ...addressProblems(settings),
    ...settings.gateway.routes.flatMap((route, index) => [
      ...costProblems(settings, route, index),
      ...shadowProblems(settings.gateway.routes, route, index),
    ]),
    ...timeoutProblems(settings),
  ]
}

/** RFC 9106, 3.1: memory is at least 8 KiB for each lane. */
function hashProblems({ keys: { argon2id } }: Settings): string[] {
  const least = 8 * argon2id.parallelism
  if (argon2id.memoryKiB >= least) return []
  return [
    `keys.argon2id.memoryKiB must be at least 8 x parallelism (${least}), not ${argon2id.memoryKiB}`,
  ]
}

function addressProblems({ address }: Settings): string[] {
  const index = address?.limits.findIndex(({ name }) => name === address.failures.name) ?? -1
  return index === -1
    ? []
    : [`ip.limits[${index}].name must not be "ip-failures", which ip.failures has`]
}

function costProblems({ tiers }: Settings, route: RouteSettings, index: number): string[] {
  const problems: string[] = []
  const check = (owner: string, limits: readonly Limit[]) => {
    const tight = limits.find(({ quota }) => quota < route.cost)
    if (tight === undefined) return
    problems.push(
      `routes[${index}].cost must fit every limit that it is taken from: ${route.cost} is more than the quota ${tight.quota} of "${tight.name}" in ${owner}`,
    )
  }
  check(`routes[${index}].limits`, route.limits)
  for (const tier of tiers.values()) check(`tier ${tier.name}`, tier.limits)
  return problems
}

/** A route behind a wider one never runs, and with it its scope: a mistake that would fail open. */
function shadowProblems(
  routes: readonly RouteSettings[],
  route: RouteSettings,
  index: number,
): string[] {
  const before = routes.slice(0, index).findIndex((earlier) => covers(earlier, route))
  if (before === -1) return []
  return [
    `routes[${index}] is never reached: routes[${before}] takes all its requests; put the narrower one first`,
  ]
}

function covers(wide: RouteSettings, narrow: RouteSettings): boolean {
  const prefix = wide.path === '/' ? '/' : `${wide.path}/`
  const inPath = narrow.path === wide.path || narrow.path.startsWith(prefix)
  if (!inPath || wide.methods === undefined) return inPath
  const { methods } = wide
  return narrow.methods?.every((method) => methods.includes(method)) ?? false
}

function timeoutProblems({ gateway }: Settings): string[] {
  if (gateway.headersTimeoutMs <= gateway.requestTimeoutMs) return []
  return [
    `gateway.headersTimeout must not be longer than gateway.requestTimeout (${gateway.requestTimeoutMs} ms)`,
  ]
}
