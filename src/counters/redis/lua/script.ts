/** Lua: the parts put together, one script for each form. */
import { ARITHMETIC } from './arithmetic.ts'
import { MAIN } from './main.ts'
import { METERS } from './meters.ts'
import { RING } from './ring.ts'
import { RULES } from './rules.ts'
import { ZSET } from './zset.ts'

export type CountersForm = 'ring' | 'zset'

/** The text of the script. Deterministic: its SHA-1 names it on the server. */
export function scriptOf(form: CountersForm): string {
  const storage = form === 'ring' ? RING : ZSET
  return [ARITHMETIC, METERS, 'local adoptLimits, measure\n', storage, RULES, MAIN].join('')
}
