/**
 * Lua: the calls that know of money, in runs that have such calls. Seconds and minutes of a subject are
 * brought up to one time for all subjects of a hold: never earlier than what one of them has.
 *
 * A cap is three numbers: window (1 minute, 2 day, 3 month), unit (0 micro-dollars, 1 tokens), quota.
 */
export const SPEND_CALLS: string = `
-- The second with which what is used has fallen by the excess, if nothing else is charged.
local function secondThatFrees(st, unit, excess)
  local from, last = st[OLDEST_SECOND], floor(st[LATEST] / SECOND)
  local slices = readSlices(st, 's', from, last + 1)
  for second = from, last do
    excess = excess - slices[second][unit]
    if excess <= 0 then return second end
  end
  return last
end

-- The minute with which it has. Whole hours that do not suffice are passed over.
local function minuteThatFrees(st, unit, excess)
  local minute, last = st[OLDEST_MINUTE], floor(st[LATEST] / MINUTE)
  local newest = readSlices(st, 'm', last, last + 1)[last][unit]
  if st[DAY_SUM - 1 + unit] - newest < excess then return last end
  local hours = readSlices(st, 'H', floor(minute / 60) + 1, floor(last / 60) + 1)
  while minute <= last do
    local hour = fmod(minute, 60) == 0 and hours[minute / 60]
    if hour and hour[unit] < excess then
      minute, excess = minute + 60, excess - hour[unit]
    else
      local till = min(last + 1, minute + 60 - fmod(minute, 60))
      local slices = readSlices(st, 'm', minute, till)
      for number = minute, till - 1 do
        excess = excess - slices[number][unit]
        if excess <= 0 then return number end
      end
      minute = till
    end
  end
  return last
end

-- How long until that much fits a cap, if nothing else is charged; 0: it does. One that can never fit
-- waits for the whole window.
local function capOpensIn(st, c, amount, now)
  local window, unit, quota = input[c], input[c + 1], input[c + 2]
  local excess = st[SPEND_SUMS + 2 * window + unit] + amount - quota
  if excess <= 0 then return 0 end
  if window == 3 then return st[MONTH_TILL] - now end
  if amount > quota then return window == 2 and DAY or MINUTE end
  -- The next request of a batch mostly wants the same.
  local o = 2 * window + unit
  local frees = st[FREES] or {}
  st[FREES] = frees
  if frees[o] and frees[o][1] == excess then return frees[o][2] - now end
  local at
  if window == 2 then at = (minuteThatFrees(st, 1 + unit, excess) + 1) * MINUTE + DAY
  else at = (secondThatFrees(st, 1 + unit, excess) + 1) * SECOND + MINUTE end
  frees[o] = { excess, at }
  return at - now
end

-- A hold: number of its id, since when seeds are believed, micro-dollars, tokens, how many subjects; of
-- each its key, how many caps, the caps. Calls 'visit' for each of them in turn.
local function eachHeld(h, visit)
  local c = h + 5
  for position = 0, input[h + 4] - 1 do
    visit(input[c], c + 2, c + 3 * input[c + 1], position)
    c = c + 2 + 3 * input[c + 1]
  end
end

-- [3, positions of subjects that must be seeded first]; nil where there are none.
local function unseededOf(h)
  local reply
  eachHeld(h, function(key, _, _, position)
    local st = spendAt(key)
    if st and st[READ_AT] >= input[h + 1] then return end
    reply = reply or { 3 }
    reply[#reply + 1] = position
  end)
  return reply
end

-- Appends the waits of all caps; true where there are none.
local function waitForCaps(h, now, waits)
  local fits = true
  eachHeld(h, function(key, from, till)
    for c = from, till, 3 do
      local wait = capOpensIn(spendAt(key), c, input[h + 2 + input[c + 1]], now)
      waits[#waits + 1] = wait
      fits = fits and wait == 0
    end
  end)
  return fits
end

-- As a call without a hold, then the hold.
-- Answer: [2, version] | [3, positions …] | [0, now, look …, waits …] | [4, held at, now, statuses …].
kinds[7] = function(at)
  if input[at] ~= 0 and versionOf(input[at]) > input[at + 1] then return { 2, versionOf(input[at]) } end
  local from = at + 4
  local h = from + CHARGE * input[at + 3]
  local unseeded = unseededOf(h)
  if unseeded then return unseeded end
  local now, waits = timeFor(from, h - CHARGE), {}
  eachHeld(h, function(key) now = max(now, spendAt(key)[LATEST]) end)
  eachHeld(h, function(key) bringUp(spendAt(key), now) end)
  local reply
  if waitForCaps(h, now, waits) then
    reply = consume(at)
  else
    measureAll(from, h - CHARGE, now)
    reply = look(from, h - CHARGE, now, { 0, now })
  end
  if reply[1] == 0 then
    for k = 1, #waits do reply[#reply + 1] = waits[k] end
    return reply
  end
  local id, microUsd, tokens = ARGV[idsBefore + input[h]], input[h + 2], input[h + 3]
  eachHeld(h, function(key)
    local st = spendAt(key)
    addSpend(st, now, microUsd, tokens)
    st[HOLDS][id] = { now, microUsd, tokens }
  end)
  reply[1] = 4
  table.insert(reply, 2, now)
  return reply
end

local function remember(st, key, settlement)
  local settled = st[SETTLED] or {}
  settled[#settled + 1], settled[#settled + 2] = string.format('%.0f', serverNow), settlement
  st[SETTLED_KEY], st[SETTLED] = key, settled
end

-- number of its id, micro-dollars, tokens, whether it is as if it had never been, how many subjects; of
-- each its key and that of what was settled.
kinds[8] = function(at)
  local id, microUsd, tokens = ARGV[idsBefore + input[at]], input[at + 1], input[at + 2]
  for k = at + 5, at + 3 + 2 * input[at + 4], 2 do
    local st = spendAt(input[k], id)
    local hold = st and holdOf(st, id)
    if hold then
      addSpend(st, hold[1], microUsd - hold[2], tokens - hold[3])
      st[HOLDS][id] = false
      if input[at + 3] == 0 then
        remember(st, KEYS[input[k + 1]], pack('<ddd', hold[1], microUsd, tokens) .. id)
      end
    end
  end
  return { 1, serverNow }
end

-- how many subjects; of each its key, how many caps, the caps. Answer: [1, now, what is used of each cap
-- as multiples of 2^32 and the rest …], because an answer keeps 14 digits of a number.
kinds[10] = function(at)
  local reply, c = { 1, serverNow }, at + 1
  for _ = 1, input[at] do
    local st, till = spendAt(input[c]), c + 1 + 3 * input[c + 1]
    if st then bringUp(st, serverNow) end
    for k = c + 2, till, 3 do
      local used = st and st[SPEND_SUMS + 2 * input[k] + input[k + 1]] or 0
      local rest = fmod(used, 4294967296)
      reply[#reply + 1], reply[#reply + 2] = (used - rest) / 4294967296, rest
    end
    c = till + 1
  end
  return reply
end
`
