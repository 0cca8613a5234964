/**
 * Lua: the script itself. It takes a batch of calls and answers each, in order, as one atomic step.
 *
 * KEYS: first \`m\` keys that are read at once, then the others. ARGV[1], JSON:
 *   t  now in ms; 0: the server's clock
 *   m  how many keys are read at once
 *   p  plans: [limits, capacity, horizonMs, width, isWhole, lifetimeMs], a limit being
 *      [name, rule, quota, windowMs, extraQuota, burstMs]
 *   s  subjects: [admissions key, meters key, places key], each an index: positive counts from the
 *      first key, negative from the first that is not read at once, 0 is none
 *   c  calls: [kind, …], see the functions below
 * The answer to a call is a list of whole numbers, or a text: what went wrong with this call alone.
 */
export const MAIN = `
local request = cjson.decode(ARGV[1])
local plans, subjects, readAtOnce = request.p, request.s, request.m
local values = readAtOnce > 0 and redis.call('MGET', unpack(KEYS, 1, readAtOnce)) or {}
local PLACE_LEASE = 60000
local VERSION_LIFETIME = 86400000

local serverNow = request.t
if serverNow == 0 then
  local time = redis.call('TIME')
  serverNow = time[1] * 1000 + floor(time[2] / 1000)
end

local function keyOf(index)
  if index > 0 then return KEYS[index] end
  return KEYS[readAtOnce - index]
end

local states, versions = {}, {}

local function stateOf(number, plan)
  local st = states[number]
  if st then return st end
  local subject = subjects[number]
  local key = keyOf(subject[1])
  if plan[2] == 0 then
    st = { key = key, count = 0, old = 0, fresh = {} }
  else
    st = load(key, plan, values[subject[1]])
  end
  local packedMeters = subject[2] ~= 0 and values[subject[2]]
  st.meters = packedMeters and cmsgpack.unpack(packedMeters) or {}
  st.metersKept = 0
  for _ in pairs(st.meters) do st.metersKept = st.metersKept + 1 end
  st.metersKey = subject[2] ~= 0 and keyOf(subject[2])
  st.placesKey = subject[3] ~= 0 and keyOf(subject[3])
  st.plan = plan
  states[number] = st
  return st
end

-- The states of all charges, and what time it is for them: never earlier than what they hold.
-- A batch names each subject with one plan only.
local function open(charges, adopting)
  local opened, now = {}, serverNow
  for i = 1, #charges do
    opened[i] = stateOf(charges[i][1], plans[charges[i][2]])
    now = max(now, newest(opened[i]))
  end
  for i = 1, #charges do
    local st, plan = opened[i], plans[charges[i][2]]
    if adopting and not st.adopted then
      if plan[2] > 0 then prune(st, plan, now) end
      adoptMeters(st, plan, now)
      st.adopted = true
    end
  end
  return opened, now
end

-- Whether a further request in flight has a place; without a cap there always is one.
local function hasPlace(st, charge)
  if charge[4] == 0 then return true end
  if not st.inFlight then
    redis.call('ZREMRANGEBYSCORE', st.placesKey, '-inf', string.format('%.0f', serverNow))
    st.inFlight = redis.call('ZCARD', st.placesKey)
  end
  return st.inFlight < charge[4]
end

local function takePlace(st, charge, id)
  if charge[4] == 0 then return end
  redis.call('ZADD', st.placesKey, string.format('%.0f', serverNow + PLACE_LEASE), id)
  redis.call('PEXPIRE', st.placesKey, PLACE_LEASE)
  st.inFlight = st.inFlight + 1
end

-- Why not, and until when: for each charge whether it has a place, and each limit's wait and fit.
local function look(opened, charges, now, reply)
  for i = 1, #charges do
    local st, limits, cost = opened[i], plans[charges[i][2]][1], charges[i][3]
    reply[#reply + 1] = hasPlace(st, charges[i]) and 1 or 0
    for j = 1, #limits do
      reply[#reply + 1] = max(0, opensAt(st, limits[j], cost, now) - now)
      reply[#reply + 1] = fitsLimit(st, limits[j], cost, now) and 1 or 0
    end
    status(st, limits, now, reply)
  end
  return reply
end

local function versionOf(index)
  versions[index] = versions[index] or tonumber(values[index] or 0)
  return versions[index]
end

-- [kind, version key, version, id, charges]; a charge: [subject, plan, cost, places at most].
-- Answer: [2, version] | [0, now, look …] | [1, now, statuses …, marks …].
local function consume(call)
  if call[2] ~= 0 and versionOf(call[2]) > call[3] then return { 2, versionOf(call[2]) } end
  local charges = call[5]
  local opened, now = open(charges, true)
  for i = 1, #charges do
    local st, charge = opened[i], charges[i]
    if not (hasPlace(st, charge) and fits(st, plans[charge[2]][1], charge[3], now)) then
      return look(opened, charges, now, { 0, now })
    end
  end
  local reply, marks = { 1, now }, {}
  for i = 1, #charges do
    local st, plan = opened[i], plans[charges[i][2]]
    takePlace(st, charges[i], call[4])
    take(st, plan, charges[i][3], now, false)
    status(st, plan[1], now, reply)
    for j = 1, #plan[1] do
      local limit = plan[1][j]
      if limit[2] == BUCKET then
        marks[#marks + 1] = st.meters[limit[1]][5] + st.meters[limit[1]][7]
      end
    end
  end
  for i = 1, #marks do reply[#reply + 1] = marks[i] end
  return reply
end

-- As above, charging nothing. Answer: [2, version] | [1, now, look …].
local function peek(call)
  if call[2] ~= 0 and versionOf(call[2]) > call[3] then return { 2, versionOf(call[2]) } end
  local opened, now = open(call[5], true)
  return look(opened, call[5], now, { 1, now })
end

local function correct(st, plan, charge, takenAt, now)
  local extra = charge[5] - charge[3]
  if extra == 0 or not completeMeters(st, plan) then return end
  if extra > 0 then take(st, plan, extra, now, true) end
  if extra < 0 then giveBack(st, plan, -extra, takenAt, charge[6], now) end
end

-- [kind, taken at, id, charges]; a charge: [subject, plan, cost, places at most, actual cost, marks].
local function settle(call)
  local charges = call[4]
  local opened, now = open(charges, false)
  for i = 1, #charges do
    local st, charge = opened[i], charges[i]
    if charge[4] ~= 0 then
      local freed = redis.call('ZREM', st.placesKey, call[3])
      if st.inFlight then st.inFlight = st.inFlight - freed end
    end
    correct(st, plans[charge[2]], charge, call[2], now)
  end
  return { 1, now }
end

-- [kind, ages in ms, subject, plan]: units that were admitted elsewhere.
local function merge(call)
  local plan, ages = plans[call[4]], call[2]
  local opened, now = open({ { call[3], call[4] } }, true)
  local st = opened[1]
  local last = newest(st)
  takeMeters(st, plan[1], #ages, now, true)
  for i = 1, #ages do
    last = max(last, now - ages[i])
    if plan[2] > 0 and last > now - plan[3] then push(st, plan, last, 1) end
  end
  return { 1, now }
end

-- [kind, version key, version]: versions only grow.
local function setVersion(call)
  if versionOf(call[2]) < call[3] then
    versions[call[2]] = call[3]
    redis.call('SET', keyOf(call[2]), string.format('%.0f', call[3]), 'PX', VERSION_LIFETIME)
  end
  return { 1, serverNow }
end

-- [kind, id, subjects …]: places that are still in use.
local function renewPlaces(call)
  for i = 3, #call do
    local key = keyOf(subjects[call[i]][3])
    redis.call('ZADD', key, 'XX', string.format('%.0f', serverNow + PLACE_LEASE), call[2])
    redis.call('PEXPIRE', key, PLACE_LEASE)
  end
  return { 1, serverNow }
end

local kinds = { consume, peek, settle, merge, setVersion, renewPlaces }

local answers = {}
for i = 1, #request.c do
  local call = request.c[i]
  local worked, answer = pcall(kinds[call[1]], call)
  answers[i] = worked and answer or tostring(answer)
end

for _, st in pairs(states) do
  local plan = st.plan
  if plan[2] > 0 then save(st, plan, serverNow) end
  if st.metersChanged and st.metersKey then
    if next(st.meters) then
      redis.call('SET', st.metersKey, cmsgpack.pack(st.meters), 'PX', floor(plan[6] * 1.25) + 1000)
    else
      redis.call('DEL', st.metersKey)
    end
  end
end
return answers
`
