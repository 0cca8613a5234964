/**
 * Limits that a route adds, as an adapter takes them: read, checked, and given an id. The id is made
 * of the limits' names and of how many routes with these names came before, so it is the same after
 * a restart of the same program, and a changed quota keeps what was counted.
 */
import type { LimitInput } from '../core/limits/limit-input.ts'
import { parseLimits } from '../core/limits/limit-input.ts'
import type { RequestGate, RouteLimits } from '../engine/gate.ts'

/** undefined for no limits. Throws ConfigError, naming the member. */
export function registerRouteLimits(
  gate: RequestGate,
  inputs: readonly LimitInput[] = [],
): RouteLimits | undefined {
  const limits = parseLimits(inputs)
  if (limits.length === 0) return undefined
  const { routes } = gate.notes
  const names = JSON.stringify(limits.map(({ name }) => name))
  const ordinal = (routes.get(names) ?? 0) + 1
  routes.set(names, ordinal)
  return Object.freeze({ id: `guard${ordinal}${names}`, limits })
}
