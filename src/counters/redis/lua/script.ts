/** Lua: the parts put together, one script for each form. */
import { ARITHMETIC } from './arithmetic.ts'
import { withConstants } from './constants.ts'
import { MAIN } from './main.ts'
import { METERS } from './meters.ts'
import { RING } from './ring.ts'
import { RULES } from './rules.ts'
import { ZSET } from './zset.ts'

export type CountersForm = 'ring' | 'zset'

/** Functions of the rules that storage calls before they are defined. */
const FORWARD = 'local adoptLimits, measure\n'

/** The text of the script. Deterministic: its SHA-1 names it on the server. */
export function scriptOf(form: CountersForm): string {
  const storage = form === 'ring' ? RING : ZSET
  return withConstants([ARITHMETIC, METERS, FORWARD, storage, RULES, MAIN].join(''))
}
