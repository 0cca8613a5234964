/**
 * Lua: the readable form. One sorted set a subject: one member an admitted unit, its score the time in
 * ms, its name that time and a running number, so that units of one ms stay apart. Bursts, buckets and
 * fixed windows are a hash beside it: a limit's name, its rule, quota and window, and four numbers.
 */
export const ZSET: string = `
local function whole(number) return string.format('%.0f', number) end

local function timeOf(st, rank)
  return tonumber(call('ZRANGE', st[KEY], -rank, -rank, 'WITHSCORES')[2])
end

local function usedNow(st, o, since)
  local used = call('ZCOUNT', st[KEY], '(' .. whole(since), '+inf')
  st[o + USED] = used
  if used > 0 then st[o + OLDEST] = timeOf(st, used) end
  return used
end

local function load(key, plan, description, now, replacing, metersKey)
  local st = { key, metersKey, false, false, false, false, 0, plan, description, false,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
  if plan[2] > 0 then
    call('ZREMRANGEBYSCORE', key, '-inf', whole(now - plan[3]))
    st[COUNT] = call('ZCARD', key)
    if st[COUNT] > plan[2] then
      call('ZREMRANGEBYRANK', key, 0, st[COUNT] - plan[2] - 1)
      st[COUNT] = plan[2]
    end
    if st[COUNT] > 0 then st[NEWEST] = timeOf(st, 1) end
  end
  local byName = {}
  st[NAMES] = cjson.decode(description)
  if metersKey then
    local flat = call('HGETALL', metersKey)
    for k = 1, #flat, 2 do
      local kept = { flat[k], state = {} }
      for number in string.gmatch(flat[k + 1], '%S+') do
        if #kept < 4 then kept[#kept + 1] = tonumber(number)
        else kept.state[#kept.state + 1] = tonumber(number) end
      end
      byName[flat[k]] = kept
    end
    for i = 1, plan[1] do
      local kept = byName[st[NAMES][i][1]]
      if kept and kept[2] ~= plan[2 + 5 * i] and not replacing then return false end
    end
  end
  adoptLimits(st, plan, st[NAMES], byName, now)
  return st
end

local function push(st, plan, now, units)
  local added, score = min(units, plan[2]), whole(now)
  local last, number = call('ZRANGE', st[KEY], -1, -1)[1], 0
  if last then
    local ms, count = string.match(last, '^(%d+)%-(%d+)$')
    if ms == score then number = tonumber(count) + 1 end
  end
  for k = 0, added - 1 do
    call('ZADD', st[KEY], score, string.format('%s-%09d', score, number + k))
  end
  st[COUNT], st[NEWEST] = st[COUNT] + added, now
  if st[COUNT] > plan[2] then
    call('ZREMRANGEBYRANK', st[KEY], 0, st[COUNT] - plan[2] - 1)
    st[COUNT] = plan[2]
  end
  call('PEXPIRE', st[KEY], whole(plan[3] + 1000))
  st[CHANGED] = true
  measure(st, plan, now)
end

-- Takes out up to that many units of exactly that time.
local function remove(st, plan, takenAt, units, now)
  local score = whole(takenAt)
  local members = call('ZRANGEBYSCORE', st[KEY], score, score, 'LIMIT', 0, units)
  if #members == 0 then return end
  call('ZREM', st[KEY], unpack(members))
  st[COUNT] = st[COUNT] - #members
  st[NEWEST] = st[COUNT] > 0 and timeOf(st, 1) or 0
  measure(st, plan, now)
end

local function save(st, plan)
  if not st[CHANGED] or not st[METERS_KEY] then return end
  local o, kept = 21, false
  for p = 7, 2 + 5 * plan[1], 5 do
    local rule = plan[p]
    if rule >= BUCKET or (rule == BURST and st[o + BEGAN] ~= NEVER) then
      local numbers = { rule, plan[p + 1], plan[p + 2], st[o], st[o + 1], st[o + 2], st[o + 3] }
      for k = 1, 7 do numbers[k] = whole(numbers[k]) end
      call('HSET', st[METERS_KEY], st[NAMES][(p - 2) / 5][1], table.concat(numbers, ' '))
      kept = true
    elseif rule == BURST and st[REWRITE] then
      call('HDEL', st[METERS_KEY], st[NAMES][(p - 2) / 5][1])
    end
    o = o + 4
  end
  if kept then call('PEXPIRE', st[METERS_KEY], whole(plan[5] + 1000)) end
end
`
