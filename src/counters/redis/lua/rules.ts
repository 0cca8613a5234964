/**
 * Lua: the decision over all limits of a subject, by the rules of core/limits/usage.ts and
 * sliding-window.ts. Storage gives `at(st, index)`, `countAfter(st, sinceMs)` and `st.count`.
 */
export const RULES = `
-- When the unit of that rank (1 is the newest) leaves a window; 0 when there is none.
local function leavesAt(st, rank, window)
  if rank > st.count then return 0 end
  return at(st, st.count - rank) + window
end

local function burstRoomAt(st, limit, cost)
  local quota, window = limit[3], limit[4]
  return max(
    leavesAt(st, quota + limit[5] - cost + 1, window),
    leavesAt(st, 2 * quota - cost + 1, 2 * window))
end

-- When a request fits this limit for good, if nothing else is charged; past or now: it does.
local function opensAt(st, limit, cost, now)
  local rule, quota, window = limit[2], limit[3], limit[4]
  if rule == SLIDING then return leavesAt(st, quota - cost + 1, window) end
  local m = st.meters[limit[1]]
  if rule == BUCKET then return bucketOpensAt(m, cost, now) end
  if rule == FIXED then
    if fixedUsed(m, now) + cost <= quota then return now end
    return fixedStart(m, now) + window
  end
  local regularAt = leavesAt(st, quota - cost + 1, window)
  local roomAt = burstRoomAt(st, limit, cost)
  local nextAt = m[4] + window
  local staysOpen = m[4] + limit[6] >= min(regularAt, nextAt)
  return min(regularAt, staysOpen and roomAt or max(roomAt, nextAt))
end

local function fitsLimit(st, limit, cost, now)
  if limit[2] ~= BURST then return opensAt(st, limit, cost, now) <= now end
  if leavesAt(st, limit[3] - cost + 1, limit[4]) <= now then return true end
  local since = now - st.meters[limit[1]][4]
  if since >= limit[6] and since < limit[4] then return false end
  return burstRoomAt(st, limit, cost) <= now
end

local function fits(st, limits, cost, now)
  for i = 1, #limits do
    if not fitsLimit(st, limits[i], cost, now) then return false end
  end
  return true
end

-- Charges every meter, whether it fits or not. A correction opens no burst.
local function takeMeters(st, limits, units, now, isCorrection)
  for i = 1, #limits do
    local limit = limits[i]
    local rule, m = limit[2], st.meters[limit[1]]
    if rule == BUCKET then
      bucketTake(m, units, now)
      st.metersChanged = true
    elseif rule == FIXED then
      fixedTake(m, units, now)
      st.metersChanged = true
    elseif rule == BURST and not isCorrection then
      local regular = leavesAt(st, limit[3] - units + 1, limit[4]) <= now
      if not regular and now - m[4] >= limit[6] then
        m[4] = now
        st.metersChanged = true
      end
    end
  end
end

local function take(st, spec, units, now, isCorrection)
  takeMeters(st, spec[1], units, now, isCorrection)
  if spec[2] > 0 then push(st, spec, now, units) end
end

-- True when a correction above the quota has pushed out units that still count.
local function isOverfull(st, spec, now)
  return st.count >= spec[2] and leavesAt(st, spec[2], spec[3]) > now
end

local function giveBack(st, spec, units, takenAt, marks, now)
  local limits = spec[1]
  for i = 1, #limits do
    local limit = limits[i]
    local m = st.meters[limit[1]]
    if m and m[1] == limit[2] then
      if m[1] == FIXED then
        local used = fixedUsed(m, now)
        if takenAt >= fixedStart(m, now) then
          m[5] = max(0, used - units)
          st.metersChanged = true
        end
      elseif m[1] == BUCKET then
        bucketGiveBack(m, units, takenAt, marks[i] or 0, now)
        st.metersChanged = true
      end
    end
  end
  if spec[2] > 0 and not isOverfull(st, spec, now) then remove(st, takenAt, units) end
end

-- Appends what is left and when the next unit comes back, for each limit.
local function status(st, limits, now, reply)
  for i = 1, #limits do
    local limit = limits[i]
    local rule, quota, window = limit[2], limit[3], limit[4]
    local m = st.meters[limit[1]]
    local used, reset
    if rule == BUCKET then
      used, reset = bucketUsed(m, now), bucketReset(m, now)
    elseif rule == FIXED then
      used = fixedUsed(m, now)
      reset = used == 0 and 0 or fixedStart(m, now) + window - now
    else
      used = countAfter(st, now - window)
      reset = used == 0 and 0 or leavesAt(st, used, window) - now
    end
    local n = #reply
    reply[n + 1] = used < quota and quota - used or 0
    reply[n + 2] = reset
  end
end
`
