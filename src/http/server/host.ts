/**
 * The Host header: a name, an IPv4 address or a bracketed IPv6 address, with an optional port
 * (RFC 9110 section 7.2). Total and linear. Empty is refused: a gateway serves named hosts.
 */

/** A name of 255 octets (RFC 1035) with a port. */
const MAX_LENGTH = 261
const COLON = 0x3a
const OPEN = 0x5b
const CLOSE = 0x5d

/** True for a value that can be handed on as X-Forwarded-Host without a second thought. */
export function isValidHost(value: string): boolean {
  if (value.length > MAX_LENGTH) return false
  if (value.charCodeAt(0) === OPEN) return isBracketed(value)
  let end = 0
  while (end < value.length && isNameCharacter(value.charCodeAt(end))) end++
  return end > 0 && isPort(value, end)
}

function isBracketed(value: string): boolean {
  let end = 1
  while (end < value.length && isAddressCharacter(value.charCodeAt(end))) end++
  return end > 1 && value.charCodeAt(end) === CLOSE && isPort(value, end + 1)
}

/** From `start` on: nothing, or `:` and a number below 65536. */
function isPort(value: string, start: number): boolean {
  if (start === value.length) return true
  if (value.charCodeAt(start) !== COLON || value.length - start > 6) return false
  let port = 0
  for (let i = start + 1; i < value.length; i++) {
    const c = value.charCodeAt(i)
    if (!isDigit(c)) return false
    port = port * 10 + c - 0x30
  }
  return port < 65_536
}

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39

/** Letters, digits, `-`, `.`, `_`; what registered names are made of. */
function isNameCharacter(c: number): boolean {
  const lower = c | 0x20
  return isDigit(c) || (lower >= 0x61 && lower <= 0x7a) || c === 0x2d || c === 0x2e || c === 0x5f
}

/** Hexadecimal digits, `:` and `.`; zones are for links, not for hosts. */
function isAddressCharacter(c: number): boolean {
  const lower = c | 0x20
  return isDigit(c) || (lower >= 0x61 && lower <= 0x66) || c === 0x3a || c === 0x2e
}
