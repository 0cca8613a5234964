/**
 * Lua: the packed form. One string a subject: a header of 32 bytes, then a ring of admission times,
 * oldest first, as offsets from a base: 4 bytes where the longest window allows it, else 8.
 *
 * A subject is read once and written once per script, however many requests of the batch name it:
 * new units wait in \`st.fresh\` and go out with \`save\`. Small rings are read whole; of large ones
 * (\`spec[5]\` is 0) only the header and the elements that are looked at. The time to live is renewed
 * when a quarter of it is gone, not with every request.
 */
export const RING = `
local HEADER = 32
local HEADER_FORMAT = '<BBHI4I4I4dd'
local FORMAT_VERSION = 1
local GROWTH = 1.5
local LAST_OFFSET = 3221225472

local function readRing(key, spec, whole)
  local text = whole
  if spec[5] == 0 then
    text = redis.call('GETRANGE', key, 0, HEADER - 1)
    if text == '' then text = false end
  end
  if not text then
    return { key = key, count = 0, old = 0, head = 0, slots = 0, width = spec[4], base = 0,
      expiresAt = 0, fresh = {} }
  end
  local version, width, _, slots, head, count, base, expiresAt =
    struct.unpack(HEADER_FORMAT, text)
  if version ~= FORMAT_VERSION then error('unknown format of ' .. key) end
  return { key = key, text = spec[5] ~= 0 and text, count = count, old = count, head = head,
    slots = slots, width = width, base = base, expiresAt = expiresAt, fresh = {} }
end

local FORMATS = { [4] = '<I4', [8] = '<d' }

-- The unit at that index; 0 is the oldest.
function at(st, index)
  if index >= st.old then return st.fresh[index - st.old + 1] end
  local slot = st.head + index
  if slot >= st.slots then slot = slot - st.slots end
  local position = HEADER + slot * st.width
  if st.text then return st.base + struct.unpack(FORMATS[st.width], st.text, position + 1) end
  local bytes = redis.call('GETRANGE', st.key, position, position + st.width - 1)
  return st.base + struct.unpack(FORMATS[st.width], bytes)
end

-- Units later than that; looked for from the newest on, because windows are mostly short.
function countAfter(st, since)
  local count = st.count
  if count == 0 or at(st, 0) > since then return count end
  local step, high = 1, count
  while count - step > 0 and at(st, count - step) > since do
    high = count - step
    step = step * 2
  end
  local low = max(1, count - step)
  while low < high do
    local middle = floor((low + high) / 2)
    if at(st, middle) > since then high = middle else low = middle + 1 end
  end
  return count - low
end

local function dropOldest(st, units)
  local ofOld = min(units, st.old)
  st.head = st.head + ofOld
  if st.head >= st.slots then st.head = st.head - st.slots end
  st.old = st.old - ofOld
  if units > ofOld then
    local left = {}
    for i = units - ofOld + 1, #st.fresh do left[#left + 1] = st.fresh[i] end
    st.fresh = left
  end
  st.count = st.count - units
end

-- Forgets what no limit looks at any more. Not worth a write of its own.
local function prune(st, spec, now)
  if st.count == 0 then return end
  if st.count > spec[2] then dropOldest(st, st.count - spec[2]) end
  if st.count > 0 and at(st, 0) <= now - spec[3] then
    dropOldest(st, st.count - countAfter(st, now - spec[3]))
  end
end

local function newest(st)
  if st.count == 0 then return 0 end
  return at(st, st.count - 1)
end

function push(st, spec, now, units)
  local added = min(units, spec[2])
  if st.count + added > spec[2] then dropOldest(st, st.count + added - spec[2]) end
  local fresh = st.fresh
  for i = 1, added do fresh[#fresh + 1] = now end
  st.count = st.count + added
  st.changed = true
end

-- Takes out up to that many units of exactly that time; newer ones move up and are written again.
function remove(st, takenAt, units)
  local finish = st.count - countAfter(st, takenAt)
  local start = finish
  while start > 0 and finish - start < units and at(st, start - 1) == takenAt do start = start - 1 end
  if start == finish then return end
  local kept = {}
  for i = st.old, start - 1 do kept[#kept + 1] = at(st, i) end
  for i = finish, st.count - 1 do kept[#kept + 1] = at(st, i) end
  st.old = min(st.old, start)
  st.fresh = kept
  st.count = st.old + #kept
  st.changed = true
end

local function header(st)
  return struct.pack(HEADER_FORMAT, FORMAT_VERSION, st.width, 0, st.slots, st.head, st.count,
    st.base, st.expiresAt)
end

local function packed(st, times, from, to)
  local format, parts = FORMATS[st.width], {}
  for i = from, to do parts[#parts + 1] = struct.pack(format, times[i] - st.base) end
  return table.concat(parts)
end

-- The elements that are stored, oldest first, as bytes; with another base or width they are made anew.
local function storedBytes(st, spec, last)
  if st.old == 0 then return '' end
  if st.width == spec[4] and (st.width == 8 or last - st.base <= LAST_OFFSET) then
    local text = st.text or redis.call('GET', st.key)
    local first = HEADER + st.head * st.width
    local untilEnd = min(st.old, st.slots - st.head)
    return string.sub(text, first + 1, first + untilEnd * st.width)
      .. string.sub(text, HEADER + 1, HEADER + (st.old - untilEnd) * st.width)
  end
  local times = {}
  for i = 0, st.old - 1 do times[i + 1] = at(st, i) end
  st.width, st.base = spec[4], times[1]
  return packed(st, times, 1, #times)
end

-- Writes the whole string: a first write, growth, a new base or width.
local function rewriteRing(st, spec, lifetime, now, last)
  if st.old == 0 then st.width, st.base = spec[4], st.fresh[1] end
  local body = storedBytes(st, spec, last) .. packed(st, st.fresh, 1, #st.fresh)
  st.head = 0
  st.slots = min(spec[2], max(4, floor(st.count * GROWTH)))
  st.expiresAt = now + lifetime
  local padding = string.rep('\0', (st.slots - st.count) * st.width)
  redis.call('SET', st.key, header(st) .. body .. padding, 'PX', lifetime)
end

local function saveRing(st, spec, now)
  if not st.changed then return end
  local lifetime = floor(spec[3] * 1.25) + 1000
  if st.count == 0 then
    if st.slots > 0 then redis.call('DEL', st.key) end
    return
  end
  local last = st.fresh[#st.fresh] or st.base
  if st.count > st.slots or st.width ~= spec[4]
    or (st.width == 4 and last - st.base > LAST_OFFSET) then
    rewriteRing(st, spec, lifetime, now, last)
    return
  end
  local slot = st.head + st.old
  if slot >= st.slots then slot = slot - st.slots end
  local units = #st.fresh
  local first = min(units, st.slots - slot)
  if first > 0 then
    redis.call('SETRANGE', st.key, HEADER + slot * st.width, packed(st, st.fresh, 1, first))
  end
  if units > first then
    redis.call('SETRANGE', st.key, HEADER, packed(st, st.fresh, first + 1, units))
  end
  local renew = now + spec[3] > st.expiresAt
  if renew then st.expiresAt = now + lifetime end
  redis.call('SETRANGE', st.key, 0, header(st))
  if renew then redis.call('PEXPIRE', st.key, lifetime) end
end
`
