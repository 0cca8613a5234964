/**
 * Lua: a x b / c for whole numbers, exact although a x b may leave what a double holds. Lua 5.1 has
 * doubles only, and its `%` divides first and can be off by one beyond 2^52; `fmod` cannot.
 * Exact for divisors up to 2^35 (windows reach 2^35 ms).
 */
export const ARITHMETIC = `
local floor, fmod, max, min = math.floor, math.fmod, math.max, math.min
local MOST = 9007199254740991
local LIMB = 131072
local LIMBS = { LIMB * LIMB * LIMB, LIMB * LIMB, LIMB, 1 }

-- quotient and rest of (a x b + plus) / c
local function divide(a, b, plus, c)
  local dividend = a * b + plus
  if dividend <= MOST then
    local rest = fmod(dividend, c)
    return (dividend - rest) / c, rest
  end
  local aRest = fmod(a, c)
  local whole = (a - aRest) / c * b
  local quotient, rest = 0, 0
  for i = 1, 4 do
    local limb = fmod(floor(b / LIMBS[i]), LIMB)
    local part = rest * LIMB + aRest * limb
    rest = fmod(part, c)
    quotient = quotient * LIMB + (part - rest) / c
  end
  local plusRest = fmod(plus, c)
  local last = rest + plusRest
  rest = fmod(last, c)
  return whole + quotient + (plus - plusRest) / c + (last - rest) / c, rest
end

local function divideUp(a, b, plus, c)
  local quotient, rest = divide(a, b, plus, c)
  if rest > 0 then return quotient + 1 end
  return quotient
end
`
