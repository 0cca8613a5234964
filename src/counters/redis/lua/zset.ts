/**
 * Lua: the readable form. One sorted set a subject: one member an admitted unit, its score the time in
 * ms, its name that time and a running number, so that units of one ms stay apart.
 */
export const ZSET = `
local function readZset(key)
  return { key = key, count = redis.call('ZCARD', key) }
end

-- The unit at that index; 0 is the oldest.
function at(st, index)
  return tonumber(redis.call('ZRANGE', st.key, index, index, 'WITHSCORES')[2])
end

function countAfter(st, since)
  return redis.call('ZCOUNT', st.key, string.format('(%.0f', since), '+inf')
end

-- Forgets what no limit looks at any more.
local function prune(st, spec, now)
  if st.count == 0 then return end
  local gone = redis.call('ZREMRANGEBYSCORE', st.key, '-inf', string.format('%.0f', now - spec[3]))
  st.count = st.count - gone
  if st.count > spec[2] then
    redis.call('ZREMRANGEBYRANK', st.key, 0, st.count - spec[2] - 1)
    st.count = spec[2]
  end
end

local function newest(st)
  if st.count == 0 then return 0 end
  return at(st, st.count - 1)
end

function push(st, spec, now, units)
  local added = min(units, spec[2])
  local score = string.format('%.0f', now)
  local last = redis.call('ZRANGE', st.key, -1, -1)[1]
  local number = 0
  if last then
    local ms, count = string.match(last, '^(%d+)%-(%d+)$')
    if ms == score then number = tonumber(count) + 1 end
  end
  for i = 0, added - 1 do
    redis.call('ZADD', st.key, score, string.format('%s-%09d', score, number + i))
  end
  st.count = st.count + added
  if st.count > spec[2] then
    redis.call('ZREMRANGEBYRANK', st.key, 0, st.count - spec[2] - 1)
    st.count = spec[2]
  end
  redis.call('PEXPIRE', st.key, spec[3] + 1000)
end

-- Takes out up to that many units of exactly that time.
function remove(st, takenAt, units)
  local score = string.format('%.0f', takenAt)
  local members = redis.call('ZRANGEBYSCORE', st.key, score, score, 'LIMIT', 0, units)
  if #members == 0 then return end
  redis.call('ZREM', st.key, unpack(members))
  st.count = st.count - #members
end
`
