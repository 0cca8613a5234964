/** Lua: writes what one run changed of the spend of its subjects, one hash after the other. */
export const SPEND_SAVE: string = `
-- For lists of any length: Lua passes some thousand values at most.
local function inParts(command, key, list)
  for from = 1, #list, SPEND_PART do
    call(command, key, unpack(list, from, min(from + SPEND_PART - 1, #list)))
  end
end

local function saveSettled(st)
  local settled = st[SETTLED]
  if not settled then return end
  local key = st[SETTLED_KEY]
  inParts('ZADD', key, settled)
  st[SETTLED] = nil
  if floor(st[PRUNED_AT] / SECOND) == nowSecond then return end
  st[PRUNED_AT] = serverNow
  call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', serverNow - KEEP_SETTLED))
  call('PEXPIRE', key, SETTLED_LIFETIME)
end

local function saveSpend(st)
  if not st or not st[SPEND_CHANGED] then return end
  saveSettled(st)
  local renew = serverNow + SPEND_IDLE > st[GONE_AT]
  if renew then st[GONE_AT] = serverNow + SPEND_LIFETIME end
  local kept, gone = { 'state', pack(SPEND_FORMAT, unpack(st, 1, GONE_AT)) }, {}
  for kind, slices in pairs(st[SLICES]) do
    for number, slice in pairs(slices) do
      if slice[3] then
        if slice[1] == 0 and slice[2] == 0 then gone[#gone + 1] = kind .. number
        else kept[#kept + 1], kept[#kept + 2] = kind .. number, pack('<dd', slice[1], slice[2]) end
        slice[3] = false
      end
    end
  end
  for id, hold in pairs(st[HOLDS]) do
    if hold then kept[#kept + 1], kept[#kept + 2] = 'h' .. id, pack('<ddd', unpack(hold, 1, 3)) .. (hold[4] or '')
    else gone[#gone + 1] = 'h' .. id end
  end
  inParts('HSET', st[SPEND_KEY], kept)
  inParts('HDEL', st[SPEND_KEY], gone)
  if renew then call('PEXPIRE', st[SPEND_KEY], SPEND_LIFETIME) end
  st[SPEND_CHANGED] = false
end
`

/** Lua: keeps what was spent and held. */
export const SAVE_ALL_SPEND: string = `
for _, st in pairs(spends) do saveSpend(st) end
`
