/** The options of `guard`: read, checked and copied once, when the middleware is built. */
import { ConfigError } from '../../core/errors.ts'
import type { LimitInput } from '../../core/limits/limit-input.ts'

export interface GuardOptions<Req> {
  /** The scope that a key needs here. Default: `read` for GET and HEAD, `write` for other methods. */
  readonly scope?: string
  /**
   * Units that a request takes from each limit: a whole number of at least 1; default 1. A function
   * sees the request before its key is checked; where it throws, the answer is 500 `internal`.
   */
  readonly cost?: number | ((req: Req) => number)
  /** Limits of this guard for each key, beside those of its tier. Every guard counts on its own. */
  readonly limits?: readonly LimitInput[]
}

const MEMBERS = ['scope', 'cost', 'limits']

/** Throws ConfigError, naming the member. */
export function readGuardOptions<Req>(options: GuardOptions<Req>): GuardOptions<Req> {
  const stranger = Object.keys(options).find((member) => !MEMBERS.includes(member))
  if (stranger !== undefined) {
    throw new ConfigError(`guard has no option "${stranger}"; it knows ${MEMBERS.join(', ')}`)
  }
  const { scope, cost } = options
  if (
    scope !== undefined &&
    (typeof scope !== 'string' || !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))
  ) {
    throw new ConfigError('scope of guard must be one scope such as "write"')
  }
  const isUnits = typeof cost === 'number' && Number.isSafeInteger(cost) && cost >= 1
  if (cost !== undefined && typeof cost !== 'function' && !isUnits) {
    throw new ConfigError('cost of guard must be a whole number of at least 1, or a function')
  }
  return Object.freeze({ ...options })
}
