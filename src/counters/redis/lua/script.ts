/** Lua: the parts put together, two scripts for each form. */
import { ARITHMETIC } from './arithmetic.ts'
import { withConstants } from './constants.ts'
import { ANSWER, CALLS, MAIN } from './main.ts'
import { METERS } from './meters.ts'
import { RING } from './ring.ts'
import { RULES } from './rules.ts'
import { SPEND_CALLS } from './spend-calls.ts'
import { SAVE_ALL_SPEND, SPEND_SAVE } from './spend-save.ts'
import { SPEND_SEEDS } from './spend-seeds.ts'
import { SPEND_STATE } from './spend-state.ts'
import { ZSET } from './zset.ts'

export type CountersForm = 'ring' | 'zset'

const SPEND = [SPEND_STATE, SPEND_SAVE, SPEND_CALLS, SPEND_SEEDS]

/** Functions of the rules that storage calls before they are defined. */
const FORWARD = 'local adoptLimits, measure\n'

/**
 * The text of the script. Deterministic: its SHA-1 names it on the server. One for batches that hold
 * money is a script of its own, so that the others do not pay for what they do not use.
 */
export function scriptOf(form: CountersForm, knowsSpend: boolean): string {
  const head = [ARITHMETIC, METERS, FORWARD, form === 'ring' ? RING : ZSET, RULES, MAIN]
  const calls = knowsSpend ? [...SPEND, CALLS, SAVE_ALL_SPEND] : [CALLS]
  return withConstants([...head, ...calls, ANSWER].join(''))
}
