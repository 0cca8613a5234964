/** Lua: the parts put together, one script for each form. */
import { ARITHMETIC } from './arithmetic.ts'
import { MAIN } from './main.ts'
import { METERS } from './meters.ts'
import { RING } from './ring.ts'
import { RULES } from './rules.ts'
import { ZSET } from './zset.ts'

export type CountersForm = 'ring' | 'zset'

/** Storage functions that the rules call before they are defined. */
const FORWARD = 'local at, countAfter, push, remove\n'

const RING_STORAGE = `${RING}
local load, save = readRing, saveRing
`
const ZSET_STORAGE = `${ZSET}
local load, save = readZset, function() end
`

/** The text of the script. Deterministic: its SHA-1 names it on the server. */
export function scriptOf(form: CountersForm): string {
  const storage = form === 'ring' ? RING_STORAGE : ZSET_STORAGE
  return [ARITHMETIC, FORWARD, METERS, storage, RULES, MAIN].join('')
}
