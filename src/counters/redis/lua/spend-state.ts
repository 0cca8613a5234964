/**
 * Lua: what one subject has spent and holds. All of it is one hash:
 *
 *   state     15 doubles: when it was seeded, its latest time, begin and end of the month, then the sums
 *             of the last minute, the last day and the month (micro-dollars, tokens), the oldest slices
 *             that these count, when its seed was read, when old settlements were last
 *             removed, and when the hash expires
 *   s<number> micro-dollars and tokens of one second, as doubles; m<number> of one minute, and H<number>
 *             of an hour, which no sum needs: it spares looking at each minute when a cap is full
 *   h<id>     an open hold: its time, micro-dollars, tokens; one byte more where a seed told of it
 *
 * Beside it, for some seconds, is a sorted set of the holds that were settled, scored by when: time,
 * micro-dollars, tokens, id. A seed that was read before can tell of them as open.
 *
 * Sums hold what is settled and what is held. Slices that have left are taken out of them, and deleted,
 * as time passes: each is looked at once, whatever the caps. Nothing here knows of caps. A subject is
 * read and written once per run, whatever the batch asks of it. A hash that is missing, or of another
 * format, was never seeded; one that nobody changed for more than a day goes, its holds with it, because
 * the ledger has them and a missing subject is seeded from there.
 */
export const SPEND_STATE: string = `
local spends = {}
local nowSecond, nowMinute, nowHour = floor(serverNow / SECOND), floor(serverNow / MINUTE), floor(serverNow / HOUR)
local nowNames = { 's' .. nowSecond, 'm' .. nowMinute, 'H' .. nowHour }

local function sliceOf(bytes)
  if not bytes then return { 0, 0, false } end
  local microUsd, tokens = unpackBytes('<dd', bytes)
  return { microUsd, tokens, false }
end

-- The state, by the number of its key; false where it was never seeded, or at a time that is yet to
-- come: then the clock was set back, or another server took over, and only the ledger is sure. With an
-- id, that hold is read by the same command.
local function spendAt(index, id)
  local st = spends[index]
  if st ~= nil then return st end
  local kept = call('HMGET', KEYS[index], 'state', nowNames[1], nowNames[2], nowNames[3], 'h' .. (id or ''))
  st = kept[1] and #kept[1] == SPEND_BYTES and { unpackBytes(SPEND_FORMAT, kept[1]) }
  if not st or st[SEEDED_AT] > serverNow + SEED_SLACK then
    spends[index] = false
    return false
  end
  st[SPEND_KEY], st[HOLDS], st[SPEND_CHANGED], st[ALL_READ] = KEYS[index], {}, false, false
  st[SLICES] = { s = { [nowSecond] = sliceOf(kept[2]) }, m = { [nowMinute] = sliceOf(kept[3]) },
    H = { [nowHour] = sliceOf(kept[4]) } }
  st[READ_HOLD], st[READ_ID] = kept[5], id
  spends[index] = st
  return st
end

-- Slices of that kind, from that number to before another, all of them read.
local function readSlices(st, kind, from, till)
  local slices, missing, names = st[SLICES][kind], {}, {}
  for number = from, till - 1 do
    if not slices[number] then
      if st[ALL_READ] then
        slices[number] = sliceOf(nil)
      else
        missing[#missing + 1], names[#names + 1] = number, kind .. number
      end
    end
  end
  if #missing == 0 then return slices end
  local kept = call('HMGET', st[SPEND_KEY], unpack(names))
  for k = 1, #missing do slices[missing[k]] = sliceOf(kept[k]) end
  return slices
end

-- Takes the slices before that number out of the sums at o; 'oldest' says where the first of them is.
local function dropSlices(st, kind, o, oldest, first)
  local from = st[oldest]
  if from >= first then return end
  st[oldest] = first
  -- What was walked over in vain is not to be walked over again.
  if first - from >= SLICES_AT_ONCE then st[SPEND_CHANGED] = true end
  while from < first and (st[o] > 0 or st[o + 1] > 0) do
    local till = min(from + SLICES_AT_ONCE, first)
    local slices = readSlices(st, kind, from, till)
    for number = from, till - 1 do
      local slice = slices[number]
      if slice[1] > 0 or slice[2] > 0 then
        st[o], st[o + 1] = st[o] - slice[1], st[o + 1] - slice[2]
        slice[1], slice[2], slice[3], st[SPEND_CHANGED] = 0, 0, true, true
      end
    end
    from = till
  end
end

-- When the month of that time began, in UTC; by the civil calendar with years from March on.
local function monthStartOf(ms)
  local days = floor(ms / DAY)
  local since = days + 719468
  local ofEra = fmod(since, 146097)
  local year = floor((ofEra - floor(ofEra / 1460) + floor(ofEra / 36524) - floor(ofEra / 146096)) / 365)
  local ofYear = ofEra - (365 * year + floor(year / 4) - floor(year / 100))
  local month = floor((5 * ofYear + 2) / 153)
  return (days - ofYear + floor((153 * month + 2) / 5)) * DAY
end

local function beginMonth(st)
  st[MONTH_FROM] = monthStartOf(st[LATEST])
  st[MONTH_TILL] = monthStartOf(st[MONTH_FROM] + 32 * DAY)
  st[MONTH_SUM], st[MONTH_SUM + 1] = 0, 0
end

-- Those of before that minute are not asked for any more.
local function dropHours(st, from, first)
  for hour = floor(from / 60), min(floor(first / 60), floor(from / 60) + HOURS) - 1 do
    st[SLICES].H[hour] = { 0, 0, true }
  end
end

-- Brings sums up to that time. Unless something is charged it need not be kept.
local function bringUp(st, now)
  if now <= st[LATEST] then return end
  st[LATEST] = now
  dropSlices(st, 's', MINUTE_SUM, OLDEST_SECOND, floor((now - MINUTE) / SECOND))
  dropHours(st, st[OLDEST_MINUTE], floor((now - DAY) / MINUTE))
  dropSlices(st, 'm', DAY_SUM, OLDEST_MINUTE, floor((now - DAY) / MINUTE))
  if now >= st[MONTH_TILL] then beginMonth(st) end
end

local function addToSlice(st, kind, number, microUsd, tokens)
  local slice = st[SLICES][kind][number] or readSlices(st, kind, number, number + 1)[number]
  slice[1], slice[2], slice[3] = slice[1] + microUsd, slice[2] + tokens, true
end

local function addToSecond(st, second, microUsd, tokens)
  if second < st[OLDEST_SECOND] then return end
  addToSlice(st, 's', second, microUsd, tokens)
  st[MINUTE_SUM], st[MINUTE_SUM + 1] = st[MINUTE_SUM] + microUsd, st[MINUTE_SUM + 1] + tokens
end

local function addToMinute(st, minute, microUsd, tokens)
  if minute < st[OLDEST_MINUTE] then return end
  addToSlice(st, 'm', minute, microUsd, tokens)
  addToSlice(st, 'H', floor(minute / 60), microUsd, tokens)
  st[DAY_SUM], st[DAY_SUM + 1] = st[DAY_SUM] + microUsd, st[DAY_SUM + 1] + tokens
end

-- Counts that much more, or less, as used at that time.
local function addSpend(st, atMs, microUsd, tokens)
  addToSecond(st, floor(atMs / SECOND), microUsd, tokens)
  addToMinute(st, floor(atMs / MINUTE), microUsd, tokens)
  if atMs >= st[MONTH_FROM] and atMs < st[MONTH_TILL] then
    st[MONTH_SUM], st[MONTH_SUM + 1] = st[MONTH_SUM] + microUsd, st[MONTH_SUM + 1] + tokens
  end
  st[SPEND_CHANGED], st[FREES] = true, nil
end

-- { time, micro-dollars, tokens }, or a false value.
local function holdOf(st, id)
  local hold = st[HOLDS][id]
  if hold ~= nil then return hold end
  local bytes = st[READ_HOLD]
  if st[READ_ID] ~= id then bytes = call('HMGET', st[SPEND_KEY], 'h' .. id)[1] end
  return bytes and { unpackBytes('<ddd', bytes) }
end
`
