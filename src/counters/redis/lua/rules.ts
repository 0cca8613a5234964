/**
 * Lua: the decision over all limits of a subject, by the rules of core/limits/usage.ts and
 * sliding-window.ts. A plan is flat: `{ count, capacity, horizonMs, width, lifetimeMs, signature,
 * rule, quota, windowMs, extraQuota, burstMs, … }`; limit i begins at p = 2 + 5i.
 *
 * A state is flat, too (a table with names takes several times as long to make): see the places in
 * constants.ts, then four numbers for limit i from o = 17 + 4i on. Of a window: where it begins, when
 * its oldest unit came, when its last burst began, units in it.
 * Storage gives `timeOf(st, rank)`, the time of the rank-th newest unit (1 is the newest), and
 * `usedNow(st, o, since)`, which brings a window up to that time and tells what is in it.
 */
export const RULES: string = `
function measure(st, plan, now)
  local o = 21
  for p = 7, 2 + 5 * plan[1], 5 do
    if plan[p] < BUCKET then usedNow(st, o, now - plan[p + 2]) end
    o = o + 4
  end
end

-- When the rank-th newest unit leaves a window; 0 when there is none.
local function leavesAt(st, rank, window)
  if rank > st[COUNT] - st[FIRST] then return 0 end
  return timeOf(st, rank) + window
end

-- When the two ceilings of a burst have room.
local function burstRoomAt(st, plan, p, cost)
  local quota, window = plan[p + 1], plan[p + 2]
  return max(
    leavesAt(st, quota + plan[p + 3] - cost + 1, window),
    leavesAt(st, 2 * quota - cost + 1, 2 * window))
end

local function fitsLimit(st, plan, o, p, cost, now)
  local rule = plan[p]
  if rule >= BUCKET then return meters.opensAt(st, o, plan, p, cost, now) <= now end
  if st[o + USED] + cost <= plan[p + 1] then return true end
  if rule == SLIDING then return false end
  local since = now - st[o + BEGAN]
  if since >= plan[p + 4] and since < plan[p + 2] then return false end
  return burstRoomAt(st, plan, p, cost) <= now
end

-- The common case in one pass: windows only, and none of them full. Appends the statuses as they are
-- after the charge; false, and nothing is appended that counts, where more is to be thought about.
local function fitsWindows(st, plan, cost, now, reply)
  local n, o = #reply, 21
  for p = 7, 2 + 5 * plan[1], 5 do
    local quota, window = plan[p + 1], plan[p + 2]
    local used = usedNow(st, o, now - window)
    local left = quota - used - cost
    if left < 0 then return false end
    reply[n + 1], reply[n + 2] = left, used == 0 and window or st[o + OLDEST] + window - now
    n, o = n + 2, o + 4
  end
  return true
end

local function fits(st, plan, cost, now)
  local o = 21
  for p = 7, 2 + 5 * plan[1], 5 do
    if not fitsLimit(st, plan, o, p, cost, now) then return false end
    o = o + 4
  end
  return true
end

-- When a request fits this limit for good, if nothing else is charged; past or now: it does.
local function opensAt(st, plan, o, p, cost, now)
  local rule, quota, window = plan[p], plan[p + 1], plan[p + 2]
  if rule >= BUCKET then return meters.opensAt(st, o, plan, p, cost, now) end
  local regularAt = leavesAt(st, quota - cost + 1, window)
  if rule == SLIDING then return regularAt end
  local began = st[o + BEGAN]
  local roomAt, nextAt = burstRoomAt(st, plan, p, cost), began + window
  local staysOpen = began + plan[p + 4] >= min(regularAt, nextAt)
  return min(regularAt, staysOpen and roomAt or max(roomAt, nextAt))
end

-- Charges what is not counted unit by unit, whether it fits or not. A correction opens no burst.
local function takeMeters(st, plan, units, now, isCorrection)
  local o = 21
  for p = 7, 2 + 5 * plan[1], 5 do
    local rule = plan[p]
    if rule >= BUCKET then
      meters.take(st, o, plan, p, units, now)
      st[CHANGED] = true
    elseif rule == BURST and not isCorrection and st[o + USED] + units > plan[p + 1] then
      if now - st[o + BEGAN] >= plan[p + 4] then st[o + BEGAN] = now end
    end
    o = o + 4
  end
end

-- Appends what is left and when the next unit comes back, for each limit.
local function status(st, plan, now, reply)
  local n, o = #reply, 21
  for p = 7, 2 + 5 * plan[1], 5 do
    local quota, used, reset = plan[p + 1], st[o + USED], 0
    if plan[p] >= BUCKET then
      used, reset = meters.status(st, o, plan, p, now)
    elseif used > 0 then
      reset = st[o + OLDEST] + plan[p + 2] - now
    end
    reply[n + 1] = used < quota and quota - used or 0
    reply[n + 2] = reset
    n, o = n + 2, o + 4
  end
end

-- Appends for each limit its wait and whether it fits now, then all statuses.
local function lookAt(st, plan, cost, now, reply)
  local o = 21
  for p = 7, 2 + 5 * plan[1], 5 do
    reply[#reply + 1] = max(0, opensAt(st, plan, o, p, cost, now) - now)
    reply[#reply + 1] = fitsLimit(st, plan, o, p, cost, now) and 1 or 0
    o = o + 4
  end
  status(st, plan, now, reply)
end

-- Goes on with what was kept of limits that were replaced: byName has their old limits and numbers.
function adoptLimits(st, plan, names, byName, now)
  local o = 21
  for p = 7, 2 + 5 * plan[1], 5 do
    local rule = plan[p]
    local kept = byName[names[(p - 2) / 5][1]]
    st[o], st[o + 1], st[o + 2], st[o + 3] = 0, 0, rule == BURST and NEVER or 0, 0
    if kept and kept[2] == rule and rule ~= SLIDING then
      for k = 0, 3 do st[o + k] = kept.state[k + 1] end
      if rule >= BUCKET then meters.carry(st, o, kept, plan, p, now) end
    end
    if rule < BUCKET then st[o], st[o + OLDEST], st[o + USED] = 0, 0, 0 end
    o = o + 4
  end
end
`
