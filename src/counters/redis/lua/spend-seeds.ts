/**
 * Lua: seeds. What is counted for a subject is replaced by what the ledger knew when it was read; what
 * happened since, and what had not reached the ledger by then, is counted on: holds that are too new
 * for it, and the cost of calls that were settled meanwhile.
 */
export const SPEND_SEEDS: string = `
-- Deletes all that is in the hash; its holds, by id.
local function takeHolds(key)
  local kept, names, holds = call('HGETALL', key), {}, {}
  for k = 1, #kept, 2 do
    names[#names + 1] = kept[k]
    if string.byte(kept[k]) == HOLD_BYTE then
      local atMs, microUsd, tokens = unpackBytes('<ddd', kept[k + 1])
      local known = #kept[k + 1] > HOLD_LENGTH
      holds[string.sub(kept[k], 2)] = { atMs, microUsd, tokens, known and '+' or nil }
    end
  end
  inParts('HDEL', key, names)
  return holds
end

-- What was settled in the last seconds, by id: time, micro-dollars, tokens, when.
local function settledOf(key)
  local settled = {}
  local since = string.format('(%.0f', serverNow - KEEP_SETTLED)
  local kept = call('ZRANGEBYSCORE', key, since, '+inf', 'WITHSCORES')
  for k = 1, #kept, 2 do
    local atMs, microUsd, tokens = unpackBytes('<ddd', kept[k])
    settled[string.sub(kept[k], 25)] = { atMs, microUsd, tokens, tonumber(kept[k + 1]) }
  end
  return settled
end

-- A state in which nothing is used. What the old one had for a time is not looked at: where the clock
-- was set back, this one goes by what it is now.
local function newSpend(key, readAt)
  local st = { serverNow, serverNow, 0, 0, 0, 0, 0, 0, 0, 0,
    floor((serverNow - MINUTE) / SECOND), floor((serverNow - DAY) / MINUTE), readAt, 0, 0 }
  st[SPEND_KEY], st[HOLDS], st[SPEND_CHANGED], st[ALL_READ] = key, {}, true, true
  st[SLICES] = { s = {}, m = {}, H = {} }
  beginMonth(st)
  return st
end

-- Counts the sums of a seed; where its holds begin.
local function countSums(st, at)
  if input[at] >= st[MONTH_FROM] then
    st[MONTH_SUM], st[MONTH_SUM + 1] = input[at + 1], input[at + 2]
  end
  local c = at + 4
  for _ = 1, input[at + 3] do
    local start, microUsd, tokens = input[c], input[c + 1], input[c + 2]
    -- As if used in its last second: longer, never shorter.
    local second = floor(min(start + MINUTE - SECOND, serverNow) / SECOND)
    addToSecond(st, second, microUsd, tokens)
    addToMinute(st, floor(min(start, serverNow) / MINUTE), microUsd, tokens)
    c = c + 3
  end
  return c
end

local function holdAgain(st, id, at, microUsd, tokens, known)
  local atMs = min(at, serverNow)
  st[HOLDS][id] = { atMs, microUsd, tokens, known }
  addSpend(st, atMs, microUsd, tokens)
end

-- Both keys, when it was read, start of the month, its micro-dollars and tokens, how many minutes, each
-- its start, micro-dollars, tokens; how many holds, each the number of its id, its time, both amounts.
kinds[9] = function(at)
  local index, readAt = input[at], input[at + 2]
  local old = spendAt(index)
  -- A seed that is older than the last one, or than what is remembered of settlements, changes nothing.
  if old and (old[SEEDED_AT] >= readAt or serverNow - readAt >= OUTDATED) then
    return { 1, serverNow }
  end
  saveSpend(old)
  local settled, before = settledOf(KEYS[input[at + 1]]), takeHolds(KEYS[index])
  local st = newSpend(KEYS[index], readAt)
  spends[index] = st
  local c = countSums(st, at + 3)
  for k = c + 1, c + 4 * input[c], 4 do
    local id = ARGV[idsBefore + input[k]]
    local cost = settled[id]
    if cost then
      addSpend(st, cost[1], cost[2], cost[3])
      cost[4] = 0
    else
      holdAgain(st, id, input[k + 1], input[k + 2], input[k + 3], '+')
    end
  end
  for _, cost in pairs(settled) do
    if cost[4] >= readAt then addSpend(st, cost[1], cost[2], cost[3]) end
  end
  for id, hold in pairs(before) do
    if not hold[4] and hold[1] > readAt - SEED_SLACK and not st[HOLDS][id] then
      holdAgain(st, id, hold[1], hold[2], hold[3])
    end
  end
  return { 1, serverNow }
end
`
