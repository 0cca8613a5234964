/**
 * Lua: buckets and fixed windows, by the rules of core/limits/bucket.ts and fixed-window.ts. A meter
 * is `{ rule, quota, windowMs, state … }` in the map of its subject, by the name of its limit:
 * burst: when it began; bucket: as of when, units, rest in parts of the window, all ever given back;
 * fixed: start of the window, units in it.
 */
export const METERS = `
local SLIDING, BURST, BUCKET, FIXED = 0, 1, 2, 3
local NEVER = -1e300
local FULLEST = 2

local function freshMeter(limit)
  local rule = limit[2]
  if rule == BURST then return { rule, limit[3], limit[4], NEVER } end
  if rule == BUCKET then return { rule, limit[3], limit[4], 0, 0, 0, 0 } end
  return { rule, limit[3], limit[4], 0, 0 }
end

local function drain(m, now)
  local quota, window = m[2], m[3]
  local elapsed = now - m[4]
  m[4] = now
  if elapsed <= 0 or (m[5] == 0 and m[6] == 0) then return end
  if elapsed >= FULLEST * window then
    m[5], m[6] = 0, 0
    return
  end
  local drained, drainedRest = divide(elapsed, quota, 0, window)
  local borrow = drainedRest > m[6]
  local left = m[5] - drained - (borrow and 1 or 0)
  if left < 0 then
    m[5], m[6] = 0, 0
  else
    m[5], m[6] = left, m[6] - drainedRest + (borrow and window or 0)
  end
end

local function bucketUsed(m, now)
  drain(m, now)
  return m[5] + (m[6] > 0 and 1 or 0)
end

local function bucketOpensAt(m, cost, now)
  if bucketUsed(m, now) + cost <= m[2] then return now end
  return now + divideUp(m[5] + cost - m[2], m[3], m[6], m[2])
end

local function bucketReset(m, now)
  if bucketUsed(m, now) == 0 then return 0 end
  return divideUp(1, m[6] > 0 and m[6] or m[3], 0, m[2])
end

local function bucketTake(m, units, now)
  drain(m, now)
  local level = m[5] + units
  if level < FULLEST * m[2] then m[5] = level else m[5], m[6] = FULLEST * m[2], 0 end
end

local function bucketGiveBack(m, units, takenAt, mark, now)
  drain(m, now)
  local elapsed = min(now - takenAt, FULLEST * m[3])
  local undrained = mark - m[7] - divideUp(elapsed, m[2], 0, m[3])
  local back = max(0, min(units, undrained, m[5]))
  m[5], m[7] = m[5] - back, m[7] + back
end

local function fixedStart(m, now) return now - fmod(now, m[3]) end

local function fixedUsed(m, now)
  if m[4] == fixedStart(m, now) then return m[5] end
  return 0
end

local function fixedTake(m, units, now)
  local used = fixedUsed(m, now) + units
  m[4] = fixedStart(m, now)
  m[5] = min(used, FULLEST * m[2])
end

-- A meter goes on under other limits; what cannot be kept exactly is rounded up.
local function carry(m, limit, now)
  local rule, quota, window = limit[2], limit[3], limit[4]
  local to = freshMeter(limit)
  if rule == BURST then
    to[4] = m[4]
  elseif rule == FIXED then
    to[4] = fixedStart(to, now)
    to[5] = min(fixedUsed(m, now), FULLEST * quota)
  else
    drain(m, now)
    local units, rest = bucketUsed(m, now), 0
    if m[3] == window then units, rest = m[5], m[6] end
    if units >= FULLEST * quota then units, rest = FULLEST * quota, 0 end
    to[4], to[5], to[6], to[7] = now, units, rest, m[7]
  end
  return to
end

-- The meters that the limits ask for, taken over from those that are kept.
local function adoptMeters(st, spec, now)
  local meters, known = {}, 0
  for i = 1, #spec[1] do
    local limit = spec[1][i]
    if limit[2] ~= SLIDING then
      local m = st.meters[limit[1]]
      if m and m[1] == limit[2] then
        known = known + 1
        if m[2] ~= limit[3] or m[3] ~= limit[4] then
          m = carry(m, limit, now)
          st.metersChanged = true
        end
      else
        m = freshMeter(limit)
      end
      meters[limit[1]] = m
    end
  end
  if known < st.metersKept then st.metersChanged = true end
  st.meters = meters
end

-- Adds the meters that are missing, for a correction under limits that may have been replaced since;
-- false where a limit of that name counts by another rule now.
local function completeMeters(st, spec)
  for i = 1, #spec[1] do
    local limit = spec[1][i]
    if limit[2] ~= SLIDING then
      local m = st.meters[limit[1]]
      if m and m[1] ~= limit[2] then return false end
      st.meters[limit[1]] = m or freshMeter(limit)
    end
  end
  return true
end
`
