/**
 * The sliding window of most articles, as a peer: one sorted set a key, five commands in a script.
 *
 * It is the leanest that decides both windows: ZCOUNT once for each, and ZRANGE for one reset only,
 * where Lockgate answers with a reset for each.
 */
import type { Redis } from 'ioredis'
import { type Check, subjectOf, type Windows } from './redis-windows.ts'

/** KEYS[1]: the set. ARGV: an id for the member, then quota and window in ms, longest window last. */
const SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local longest = tonumber(ARGV[#ARGV])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - longest)
local left = {}
for i = 2, #ARGV, 2 do
  local used = redis.call('ZCOUNT', KEYS[1], '(' .. (now - ARGV[i + 1]), '+inf')
  if used >= tonumber(ARGV[i]) then return { 0 } end
  left[#left + 1] = ARGV[i] - used - 1
end
redis.call('ZADD', KEYS[1], now, now .. '-' .. ARGV[1])
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', KEYS[1], longest)
return { 1, oldest[2] + longest - now, unpack(left) }
`

/** One run of the script for each check. */
export async function naiveChecks(client: Redis, limits: Windows): Promise<Check> {
  const numbers = limits.flatMap(({ quota, windowMs }) => [quota, windowMs])
  const sha1 = String(await client.script('LOAD', SCRIPT))
  let id = 0
  return async (key) => {
    const answer = await client.evalsha(sha1, 1, `naive:${subjectOf(key)}`, id++, ...numbers)
    if (!Array.isArray(answer) || answer[0] !== 1) throw new Error('the peer refused a check')
  }
}
