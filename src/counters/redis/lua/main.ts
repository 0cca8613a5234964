/**
 * Lua: the script itself. It takes a batch of calls and answers each, in order, as one atomic step.
 *
 * KEYS: the versions of API keys last. ARGV[1], a JSON array of numbers: now in ms (0: the server's
 * clock), how many KEYS are versions, how many plans there are, each plan, then the calls. ARGV[2] on:
 * the description of each plan (its limits as JSON), then the ids of the calls that have one.
 *
 * A charge is six numbers: key of the subject, plan, cost, most places in flight (0: no cap), key of
 * the meters in the readable form, key of its places. They count from 1; 0 is none.
 * The answer to a call is a list of whole numbers, or a text: what went wrong with this call alone. All
 * answers are one JSON text: clients take much longer to read as many integers of the protocol.
 */
export const MAIN: string = `
local input, cursor = cjson.decode(ARGV[1]), 3
local serverNow, versionCount = input[1], input[2]

if serverNow == 0 then
  local time = call('TIME')
  serverNow = time[1] * 1000 + floor(time[2] / 1000)
end

local plans, needsMeters = {}, false
for number = 1, input[3] do
  local plan, n = {}, input[cursor + 1]
  for k = 1, 6 + 5 * n do plan[k] = input[cursor + k] end
  for i = 1, n do needsMeters = needsMeters or plan[2 + 5 * i] >= BUCKET end
  plan.stateBytes = STATE_BYTES + 32 * n
  plan.stateFrom = tostring(-plan.stateBytes)
  plan.format = STATE_FORMAT .. string.rep('dddd', n)
  plan.unitFormat = '<I4' .. string.sub(plan.format, 2)
  cursor = cursor + 6 + 5 * n
  plans[number] = plan
end
if needsMeters then defineMeters() end

local versions = versionCount > 0 and call('MGET', unpack(KEYS, #KEYS - versionCount + 1, #KEYS))
local states, idsBefore = {}, 1 + input[3]

local function versionOf(index)
  return tonumber(versions[index] or 0)
end

-- The state of the charge at that place of the input; a batch names each subject with one plan only.
local function stateOf(at, replacing)
  local index = input[at]
  local st = states[index]
  if st == nil then
    local number = input[at + 1]
    local metersKey = input[at + 4] ~= 0 and KEYS[input[at + 4]] or nil
    st = load(KEYS[index], plans[number], ARGV[1 + number], serverNow, replacing, metersKey)
    if not st then return st end
    states[index] = st
  end
  return st
end

local function hasPlace(st, at)
  if input[at + 3] == 0 then return true end
  if not st[IN_FLIGHT] then
    local key = KEYS[input[at + 5]]
    call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', serverNow))
    st[IN_FLIGHT] = call('ZCARD', key)
  end
  return st[IN_FLIGHT] < input[at + 3]
end

local function takePlace(st, at, id)
  local key = KEYS[input[at + 5]]
  call('ZADD', key, string.format('%.0f', serverNow + PLACE_LEASE), id)
  call('PEXPIRE', key, PLACE_LEASE)
  st[IN_FLIGHT] = st[IN_FLIGHT] + 1
end

-- What time it is for these charges: never earlier than what their subjects hold.
local function timeFor(from, till)
  local now = serverNow
  for c = from, till, CHARGE do
    local newest = stateOf(c, true)[NEWEST]
    if newest > now then now = newest end
  end
  return now
end

local function measureAll(from, till, now)
  for c = from, till, CHARGE do
    local st = stateOf(c, true)
    measure(st, st[PLAN], now)
  end
end

-- What giving back has to know: where a bucket stood, or when the burst before the one that began now
-- had begun (0: never, -1: none began).
local function markOf(st, rule, o, beganBefore)
  if rule == BUCKET then return st[o + 1] + st[o + 3] end
  if rule ~= BURST or st[o + BEGAN] == beganBefore then return -1 end
  return max(0, beganBefore)
end

local function take(c, now, id, reply, marks)
  local st = stateOf(c, true)
  local plan, cost, began = st[PLAN], input[c + 2], {}
  if input[c + 3] ~= 0 then takePlace(st, c, id) end
  for o = 21, 17 + 4 * plan[1], 4 do began[o] = st[o + BEGAN] end
  takeMeters(st, plan, cost, now, false)
  if plan[2] > 0 then push(st, plan, now, cost) end
  status(st, plan, now, reply)
  local o = 21
  for p = 7, 2 + 5 * plan[1], 5 do
    marks[#marks + 1] = markOf(st, plan[p], o, began[o])
    o = o + 4
  end
end

local function look(from, till, now, reply)
  for c = from, till, CHARGE do
    local st = stateOf(c)
    reply[#reply + 1] = hasPlace(st, c) and 1 or 0
    lookAt(st, st[PLAN], input[c + 2], now, reply)
  end
  return reply
end

-- undefined where windows alone do not decide.
local function consumeWindows(from, till, now)
  local reply = { 1, now }
  for c = from, till, CHARGE do
    local st = stateOf(c)
    if input[c + 3] ~= 0 or not fitsWindows(st, st[PLAN], input[c + 2], now, reply) then return nil end
  end
  for c = from, till, CHARGE do
    local st = stateOf(c)
    if st[PLAN][2] > 0 then push(st, st[PLAN], now, input[c + 2]) end
  end
  return reply
end

-- version key, version, number of its id (0: none), charges, the charges.
-- Answer: [2, version] | [0, now, look …] | [1, now, statuses …, marks …].
local function consume(at)
  if input[at] ~= 0 and versionOf(input[at]) > input[at + 1] then return { 2, versionOf(input[at]) } end
  local from = at + 4
  local till = from + CHARGE * (input[at + 3] - 1)
  local now = timeFor(from, till)
  local reply = not needsMeters and consumeWindows(from, till, now)
  if reply then return reply end
  measureAll(from, till, now)
  for c = from, till, CHARGE do
    local st = stateOf(c)
    if not (hasPlace(st, c) and fits(st, st[PLAN], input[c + 2], now)) then
      return look(from, till, now, { 0, now })
    end
  end
  local marks = {}
  reply = { 1, now }
  for c = from, till, CHARGE do
    take(c, now, ARGV[idsBefore + input[at + 2]], reply, marks)
  end
  for k = 1, #marks do reply[#reply + 1] = marks[k] end
  return reply
end

local function defineOthers(kinds)
  -- As above, charging nothing. Answer: [2, version] | [1, now, look …].
  kinds[2] = function(at)
    if input[at] ~= 0 and versionOf(input[at]) > input[at + 1] then return { 2, versionOf(input[at]) } end
    local from = at + 4
    local till = from + CHARGE * (input[at + 3] - 1)
    local now = timeFor(from, till)
    measureAll(from, till, now)
    return look(from, till, now, { 1, now })
  end

  -- A burst that this charge began never was, unless somebody has been admitted in a later ms. In the
  -- same ms only the time of a burst is at stake: its ceilings count units.
  local function undoBursts(st, takenAt, marksAt)
    local plan = st[PLAN]
    for i = 1, plan[1] do
      local o, mark = 17 + 4 * i, input[marksAt + i]
      if plan[2 + 5 * i] == BURST and mark >= 0 and st[o + BEGAN] == takenAt and st[NEWEST] <= takenAt then
        st[o + BEGAN], st[REWRITE] = mark == 0 and NEVER or mark, true
      end
    end
  end

  -- Where limits were replaced since, what was taken stays: that admits too little, not too much.
  local function correct(st, takenAt, extra, marksAt, undoing)
    local plan = st[PLAN]
    local now = max(serverNow, st[NEWEST])
    measure(st, plan, now)
    if extra > 0 then
      takeMeters(st, plan, extra, now, true)
      if plan[2] > 0 then push(st, plan, now, extra) end
      return
    end
    st[CHANGED] = true
    for i = 1, plan[1] do
      if plan[2 + 5 * i] >= BUCKET then
        meters.giveBack(st, 17 + 4 * i, plan, 2 + 5 * i, -extra, takenAt, input[marksAt + i], now,
          undoing)
      end
    end
    if plan[2] == 0 then return end
    -- A correction above the quota may have pushed out units that still count.
    local overfull = st[COUNT] - st[FIRST] >= plan[2] and leavesAt(st, plan[2], plan[3]) > now
    if not overfull then remove(st, plan, takenAt, -extra, now) end
    if undoing then undoBursts(st, takenAt, marksAt) end
  end

  -- taken at, number of its id, whether it is to be undone, charges; each a charge, its actual cost,
  -- and a mark for each limit.
  kinds[3] = function(at)
    local takenAt, idNumber, undoing, count = input[at], input[at + 1], input[at + 2] == 1, input[at + 3]
    local c = at + 4
    for _ = 1, count do
      local extra = input[c + CHARGE] - input[c + 2]
      local st = (extra ~= 0 or input[c + 3] ~= 0) and stateOf(c, false)
      if input[c + 3] ~= 0 then
        local freed = call('ZREM', KEYS[input[c + 5]], ARGV[idsBefore + idNumber])
        if st and st[IN_FLIGHT] then st[IN_FLIGHT] = st[IN_FLIGHT] - freed end
      end
      if st and extra ~= 0 then correct(st, takenAt, extra, c + CHARGE, undoing) end
      c = c + CHARGE + 1 + plans[input[c + 1]][1]
    end
    return { 1, serverNow }
  end

  -- a charge, units, how long ago each was admitted elsewhere, oldest first.
  kinds[4] = function(at)
    local st, count = stateOf(at, true), input[at + CHARGE]
    local plan = st[PLAN]
    local last = st[NEWEST]
    local now = max(serverNow, last)
    measure(st, plan, now)
    takeMeters(st, plan, count, now, true)
    for k = at + CHARGE + 1, at + CHARGE + count do
      last = max(last, now - input[k])
      if plan[2] > 0 and last > now - plan[3] then push(st, plan, last, 1) end
    end
    measure(st, plan, now)
    return { 1, now }
  end

  -- version key, version: versions only grow.
  kinds[5] = function(at)
    local index, version = input[at], input[at + 1]
    if versionOf(index) < version then
      versions[index] = version
      call('SET', KEYS[#KEYS - versionCount + index], string.format('%.0f', version), 'PX', VERSION_LIFETIME)
    end
    return { 1, serverNow }
  end

  -- number of its id, how many, keys of places that are still in use.
  kinds[6] = function(at)
    for k = at + 2, at + 1 + input[at + 1] do
      local key = KEYS[input[k]]
      call('ZADD', key, 'XX', string.format('%.0f', serverNow + PLACE_LEASE), ARGV[idsBefore + input[at]])
      call('PEXPIRE', key, PLACE_LEASE)
    end
    return { 1, serverNow }
  end
end

local kinds = { consume }
`

/** Lua: makes the calls, in order, and keeps what they changed. */
export const CALLS: string = `
-- Each call: its kind, how many numbers follow, the numbers.
local answers, last = {}, #input
while cursor < last do
  local kind, length = input[cursor + 1], input[cursor + 2]
  if not kinds[kind] then defineOthers(kinds) end
  local worked, answer = pcall(kinds[kind], cursor + 3)
  answers[#answers + 1] = worked and answer or tostring(answer)
  cursor = cursor + 2 + length
end

for _, st in pairs(states) do save(st, st[PLAN], st[DESCRIPTION], serverNow) end
`

/** Lua: the end of the script. */
export const ANSWER: string = `
return cjson.encode(answers)
`
