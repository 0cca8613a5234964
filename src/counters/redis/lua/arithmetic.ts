/**
 * Lua: names that all parts use, and a x b / c for whole numbers, exact although a x b may leave what a
 * double holds. Lua 5.1 has doubles only, and its `%` divides first and can be off by one beyond
 * 2^52; `fmod` cannot. Exact for divisors up to 2^35 (windows reach 2^35 ms).
 */
export const ARITHMETIC: string = `
local floor, fmod, max, min, call = math.floor, math.fmod, math.max, math.min, redis.call
local pack, unpackBytes = struct.pack, struct.unpack

-- quotient and rest of (a x b + plus) / c
local function divide(a, b, plus, c)
  local dividend = a * b + plus
  if dividend <= 9007199254740991 then
    local rest = fmod(dividend, c)
    return (dividend - rest) / c, rest
  end
  local aRest = fmod(a, c)
  local quotient, rest = 0, 0
  for power = 3, 0, -1 do
    local limb = fmod(floor(b / 131072 ^ power), 131072)
    local part = rest * 131072 + aRest * limb
    rest = fmod(part, c)
    quotient = quotient * 131072 + (part - rest) / c
  end
  local plusRest = fmod(plus, c)
  local last = rest + plusRest
  rest = fmod(last, c)
  return (a - aRest) / c * b + quotient + (plus - plusRest) / c + (last - rest) / c, rest
end

local function divideUp(a, b, plus, c)
  local quotient, rest = divide(a, b, plus, c)
  if rest > 0 then return quotient + 1 end
  return quotient
end
`
