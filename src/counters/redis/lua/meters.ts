/**
 * Lua: buckets and fixed windows, by the rules of core/limits/bucket.ts and fixed-window.ts. A meter
 * is four numbers of its subject's state, from `o` on. Bucket: as of when, units, rest in parts of the
 * window, all ever given back. Fixed: start of the window, units in it. Its limit begins at `p` of
 * the plan. Defined only in runs that need them: to make functions takes time, too.
 */
export const METERS: string = `
local meters

local function defineMeters()
  local M = {}
  meters = M

  local function drain(st, o, quota, window, now)
    local elapsed = now - st[o]
    if elapsed <= 0 then return end
    st[o] = now
    if st[o + 1] == 0 and st[o + 2] == 0 then return end
    if elapsed >= FULLEST * window then
      st[o + 1], st[o + 2] = 0, 0
      return
    end
    local drained, drainedRest = divide(elapsed, quota, 0, window)
    local borrow = drainedRest > st[o + 2]
    local left = st[o + 1] - drained - (borrow and 1 or 0)
    if left < 0 then
      st[o + 1], st[o + 2] = 0, 0
    else
      st[o + 1], st[o + 2] = left, st[o + 2] - drainedRest + (borrow and window or 0)
    end
  end

  local function startOf(window, now) return now - fmod(now, window) end

  -- The fixed window that counts: not an earlier one than was counted before, whatever the clock says.
  local function fixedStart(st, o, window, now) return max(st[o], startOf(window, now)) end

  function M.used(st, o, rule, quota, window, now)
    if rule == FIXED then return st[o] == fixedStart(st, o, window, now) and st[o + 1] or 0 end
    drain(st, o, quota, window, now)
    return st[o + 1] + (st[o + 2] > 0 and 1 or 0)
  end

  -- When a request fits; at or before now: it does.
  function M.opensAt(st, o, plan, p, cost, now)
    local rule, quota, window = plan[p], plan[p + 1], plan[p + 2]
    if M.used(st, o, rule, quota, window, now) + cost <= quota then return now end
    if rule == FIXED then return fixedStart(st, o, window, now) + window end
    return now + divideUp(st[o + 1] + cost - quota, window, st[o + 2], quota)
  end

  -- What is used, and ms until one more unit fits: 0 when nothing is.
  function M.status(st, o, plan, p, now)
    local rule, quota, window = plan[p], plan[p + 1], plan[p + 2]
    local used = M.used(st, o, rule, quota, window, now)
    if used == 0 then return 0, 0 end
    if rule == FIXED then return used, fixedStart(st, o, window, now) + window - now end
    return used, divideUp(1, st[o + 2] > 0 and st[o + 2] or window, 0, quota)
  end

  function M.take(st, o, plan, p, units, now)
    local quota, window = plan[p + 1], plan[p + 2]
    local level = st[o + 1] + units
    if plan[p] == FIXED then
      level = M.used(st, o, FIXED, quota, window, now) + units
      st[o], st[o + 1] = fixedStart(st, o, window, now), min(level, FULLEST * quota)
      return
    end
    drain(st, o, quota, window, now)
    level = st[o + 1] + units
    if level < FULLEST * quota then st[o + 1] = level else st[o + 1], st[o + 2] = FULLEST * quota, 0 end
  end

  -- Undone at once and with nobody behind it, a charge leaves no trace.
  function M.giveBack(st, o, plan, p, units, takenAt, mark, now, undoing)
    local quota, window = plan[p + 1], plan[p + 2]
    if plan[p] == FIXED then
      local used = M.used(st, o, FIXED, quota, window, now)
      if takenAt >= st[o] then st[o + 1] = max(0, used - units) end
      return
    end
    drain(st, o, quota, window, now)
    local elapsed = min(now - takenAt, FULLEST * window)
    local undrained = mark - st[o + 3] - divideUp(elapsed, quota, 0, window)
    local back = max(0, min(units, undrained, st[o + 1]))
    local isLast = undoing and st[o + 1] + st[o + 3] == mark
    st[o + 1] = st[o + 1] - back
    if not isLast then st[o + 3] = st[o + 3] + back end
  end

  -- Goes on under another quota or window; what cannot be kept exactly is rounded up.
  function M.carry(st, o, kept, plan, p, now)
    local rule, oldQuota, oldWindow = kept[2], kept[3], kept[4]
    local quota, window = plan[p + 1], plan[p + 2]
    local used = M.used(st, o, rule, oldQuota, oldWindow, now)
    if rule == FIXED then
      if oldWindow ~= window then st[o] = startOf(window, now) end
      st[o + 1] = min(used, FULLEST * quota)
      return
    end
    if oldWindow ~= window then st[o + 1], st[o + 2] = used, 0 end
    if st[o + 1] >= FULLEST * quota then st[o + 1], st[o + 2] = FULLEST * quota, 0 end
  end
end
`
