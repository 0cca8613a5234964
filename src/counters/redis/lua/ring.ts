/**
 * Lua: the packed form. All of a subject is one string, and a check reads and writes its end only:
 *
 *   limits   length (2 bytes) and JSON of the limits, for when they are replaced by others
 *   units    admission times, oldest first, as offsets from a base: 4 bytes where the longest window
 *            allows it, else 8
 *   state    40 bytes: version, width, limits, signature of the plan, units, first that counts, then
 *            as doubles: newest unit, base, when it expires; 32 bytes more for each limit
 *
 * A new unit and the state behind it are one write, over the old state. Windows move their beginning
 * forward as units leave them, so the work of a check does not depend on the quota. When a third of
 * the units matter no more, the string is written anew without them. A subject is read and written
 * once per run, whatever the batch asks of it; its time to live is renewed when a fifth of it is gone.
 */
export const RING: string = `
-- The time of unit n, 0 being the first in the string.
local function unitAt(st, n)
  if n >= st[WRITTEN] then return st[FRESH][n - st[WRITTEN] + 1] end
  local width = st[WIDTH]
  local position = st[START] + n * width
  local bytes = st[TEXT] and string.sub(st[TEXT], position + 1, position + width)
    or call('GETRANGE', st[KEY], position, position + width - 1)
  return st[BASE] + unpackBytes(width == 4 and '<I4' or '<d', bytes)
end

local function timeOf(st, rank)
  return unitAt(st, st[COUNT] - rank)
end

-- The first unit from n on that is later than that: a few are looked at in one read, then halves.
local function firstAfter(st, n, since)
  local till = min(n + CHUNK, st[WRITTEN])
  if n < till and not st[TEXT] then
    local width = st[WIDTH]
    local position = st[START] + n * width
    local bytes = call('GETRANGE', st[KEY], position, st[START] + till * width - 1)
    local format = width == 4 and '<I4' or '<d'
    local offset = since - st[BASE]
    for k = 1, (till - n) * width, width do
      if unpackBytes(format, bytes, k) > offset then return n + (k - 1) / width end
    end
    n = till
  end
  local high = st[COUNT]
  while n < high do
    local middle = floor((n + high) / 2)
    if unitAt(st, middle) > since then high = middle else n = middle + 1 end
  end
  return n
end

-- Brings the window at o up to its new beginning; the units in it.
local function usedNow(st, o, since)
  local from, count = st[o], st[COUNT]
  if from < st[FIRST] then
    from = st[FIRST]
    st[o + OLDEST] = from < count and unitAt(st, from) or 0
  end
  if from < count and st[o + OLDEST] <= since then
    from = firstAfter(st, from + 1, since)
    st[o + OLDEST] = from < count and unitAt(st, from) or 0
  end
  local used = count - from
  st[o], st[o + USED] = from, used
  return used
end

local function freshState(key, plan, description)
  local st = { key, 0, {}, false, false, true, 0, plan, description, false,
    VERSION, plan[4], plan[1], 0, plan[6], 0, 0, 0, 0, 0 }
  for o = 21, 17 + 4 * plan[1], 4 do
    local rule = plan[7 + 5 * (o - 21) / 4]
    st[o], st[o + 1], st[o + 2], st[o + 3] = 0, 0, rule == BURST and NEVER or 0, 0
  end
  return st
end

-- Reads a string that was written under other limits and takes over what it can.
local function replaceLimits(key, plan, description, now)
  local text = call('GET', key)
  local length = unpackBytes('<I2', text)
  local limits = cjson.decode(string.sub(text, 3, 2 + length))
  local format = STATE_FORMAT .. string.rep('dddd', #limits)
  local st = { key, 2 + length, {}, text, false, true, 0, plan, description, false,
    unpackBytes(format, text, #text - STATE_BYTES - 32 * #limits + 1) }
  if st[11] ~= VERSION then error('unknown format of ' .. key) end
  st[WRITTEN] = st[COUNT]
  local byName = {}
  for i = 1, #limits do
    local o = 17 + 4 * i
    limits[i].state = { st[o], st[o + 1], st[o + 2], st[o + 3] }
    byName[limits[i][1]] = limits[i]
  end
  adoptLimits(st, plan, cjson.decode(description), byName, now)
  st[FIRST] = max(st[FIRST], st[COUNT] - plan[2])
  st[LIMITS], st[SIGNATURE] = plan[1], plan[6]
  for o = 21, 17 + 4 * plan[1], 4 do
    if plan[7 + 5 * (o - 21) / 4] < BUCKET and st[COUNT] > 0 then
      st[o], st[o + OLDEST] = st[FIRST], st[FIRST] < st[COUNT] and unitAt(st, st[FIRST]) or 0
    end
  end
  return st
end

-- false where the limits were replaced and the caller does not want them replaced again.
local function load(key, plan, description, now, replacing)
  local bytes = call('GETRANGE', key, plan.stateFrom, '-1')
  if bytes == '' then return freshState(key, plan, description) end
  if #bytes == plan.stateBytes then
    local st = { key, 2 + #description, false, false, false, false, 0, plan, description, false,
      unpackBytes(plan.format, bytes) }
    if st[SIGNATURE] == plan[6] and st[11] == VERSION and st[LIMITS] == plan[1] then
      st[WRITTEN] = st[COUNT]
      return st
    end
  end
  return replacing and replaceLimits(key, plan, description, now)
end

local function push(st, plan, now, units)
  local fresh, added = st[FRESH], min(units, plan[2])
  if not fresh then
    fresh = { now }
    st[FRESH] = fresh
    for k = 2, added do fresh[k] = now end
  else
    for k = #fresh + 1, #fresh + added do fresh[k] = now end
  end
  local o, count = 21, st[COUNT]
  for p = 7, 2 + 5 * plan[1], 5 do
    if plan[p] < BUCKET then
      if st[o] == count then st[o + OLDEST] = now end
      st[o + USED] = st[o + USED] + added
    end
    o = o + 4
  end
  st[COUNT], st[NEWEST] = count + added, now
  if count + added - st[FIRST] > plan[2] then
    st[FIRST] = count + added - plan[2]
    measure(st, plan, now)
  end
  st[CHANGED] = true
end

-- Takes out up to that many units of exactly that time; newer ones move up.
local function remove(st, plan, takenAt, units, now)
  local finish = firstAfter(st, st[FIRST], takenAt)
  local from = finish
  while from > st[FIRST] and finish - from < units and unitAt(st, from - 1) == takenAt do
    from = from - 1
  end
  if from == finish then return end
  local kept = {}
  for n = st[WRITTEN], from - 1 do kept[#kept + 1] = unitAt(st, n) end
  for n = finish, st[COUNT] - 1 do kept[#kept + 1] = unitAt(st, n) end
  if from < st[WRITTEN] then st[WRITTEN], st[REWRITE] = from, true end
  st[FRESH], st[COUNT], st[CHANGED] = kept, st[WRITTEN] + #kept, true
  st[NEWEST] = st[COUNT] > st[FIRST] and unitAt(st, st[COUNT] - 1) or 0
  for o = 21, 17 + 4 * plan[1], 4 do
    if plan[7 + 5 * (o - 21) / 4] < BUCKET then st[o] = -1 end
  end
  measure(st, plan, now)
end

local function packed(st, from)
  local fresh, base, format = st[FRESH] or {}, st[BASE], st[WIDTH] == 4 and '<I4' or '<d'
  if from == #fresh then return pack(format, fresh[from] - base) end
  local parts = {}
  for k = from, #fresh do parts[#parts + 1] = pack(format, fresh[k] - base) end
  return table.concat(parts)
end

-- The units from n on that are in the string, as they are; with another base or width made anew.
local function storedBytes(st, plan, n)
  if n >= st[WRITTEN] then
    st[BASE], st[WIDTH] = st[FRESH] and st[FRESH][n - st[WRITTEN] + 1] or st[NEWEST], plan[4]
    return ''
  end
  st[TEXT] = st[TEXT] or call('GET', st[KEY])
  if st[WIDTH] == plan[4] and (st[WIDTH] == 8 or st[NEWEST] - st[BASE] <= LAST_OFFSET) then
    return string.sub(st[TEXT], st[START] + n * st[WIDTH] + 1, st[START] + st[WRITTEN] * st[WIDTH])
  end
  local base, format, parts = unitAt(st, n), plan[4] == 4 and '<I4' or '<d', {}
  for k = n, st[WRITTEN] - 1 do parts[#parts + 1] = pack(format, unitAt(st, k) - base) end
  st[BASE], st[WIDTH] = base, plan[4]
  return table.concat(parts)
end

-- Writes the whole string, without the units before n.
local function rewrite(st, plan, description, lifetime, now, n)
  local body = storedBytes(st, plan, n) .. packed(st, max(1, n - st[WRITTEN] + 1))
  st[COUNT], st[FIRST] = st[COUNT] - n, max(0, st[FIRST] - n)
  for o = 21, 17 + 4 * plan[1], 4 do
    if plan[7 + 5 * (o - 21) / 4] < BUCKET then st[o] = max(0, st[o] - n) end
  end
  st[EXPIRES] = now + lifetime
  local text = pack('<I2', #description) .. description .. body
    .. pack(plan.format, unpack(st, 11, 20 + 4 * plan[1]))
  call('SET', st[KEY], text, 'PX', string.format('%.0f', lifetime))
end

-- How many units at the front matter no more.
local function deadUnits(st, plan, now)
  if plan[2] == 0 then return st[COUNT] end
  return max(st[FIRST], min(firstAfter(st, st[FIRST], now - plan[3]), st[COUNT]))
end

local function save(st, plan, description, now)
  if not st[CHANGED] then return end
  local lifetime = floor(plan[5] * 1.25) + 1000
  local isFar = st[WIDTH] == 4 and st[NEWEST] - st[BASE] > LAST_OFFSET
  if st[REWRITE] or isFar or floor(st[COUNT] / SWEEP) ~= floor(st[WRITTEN] / SWEEP) then
    local dead = deadUnits(st, plan, max(now, st[NEWEST]))
    if st[REWRITE] or isFar or dead * 3 > st[COUNT] then
      return rewrite(st, plan, description, lifetime, now, dead)
    end
  end
  local renew = now + plan[5] > st[EXPIRES]
  if renew then st[EXPIRES] = now + lifetime end
  local fresh, bytes = st[FRESH], nil
  if fresh and #fresh == 1 and st[WIDTH] == 4 then
    bytes = pack(plan.unitFormat, fresh[1] - st[BASE], unpack(st, 11, 20 + 4 * plan[1]))
  else
    bytes = packed(st, 1) .. pack(plan.format, unpack(st, 11, 20 + 4 * plan[1]))
  end
  call('SETRANGE', st[KEY], st[START] + st[WRITTEN] * st[WIDTH], bytes)
  if renew then call('PEXPIRE', st[KEY], string.format('%.0f', lifetime)) end
end
`
