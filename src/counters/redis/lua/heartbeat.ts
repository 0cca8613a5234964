/**
 * Lua: keeps an instance known as alive and answers with all that are. KEYS[1]: the set of instances,
 * scored by when their leases end. ARGV: the instance, its lease in ms. The server's time decides.
 */
export const HEARTBEAT: string = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZRANGE', KEYS[1], 0, -1)
`
