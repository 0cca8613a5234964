/**
 * The Host header: a name, an IPv4 address or a bracketed IPv6 address, with an optional port
 * (RFC 9110 section 7.2). Total and linear. Empty is refused: a gateway serves named hosts.
 */

/** True for a value that can be handed on as X-Forwarded-Host without a second thought. */
export function isValidHost(value: string): boolean {
  if (value.length === 0 || value.length > 261) return false
  const bracket = value.charCodeAt(0) === 0x5b ? value.indexOf(']') : 0
  if (bracket === -1) return false
  const nameEnd = bracket > 0 ? bracket + 1 : endOf(value, ':')
  const name = bracket > 0 ? value.slice(1, bracket) : value.slice(0, nameEnd)
  const allowed = bracket > 0 ? isAddressCharacter : isNameCharacter
  return name.length > 0 && every(name, allowed) && isPort(value.slice(nameEnd))
}

function endOf(value: string, mark: string): number {
  const at = value.indexOf(mark)
  return at === -1 ? value.length : at
}

/** Empty, or `:` and up to five digits. */
function isPort(text: string): boolean {
  if (text.length === 0) return true
  if (text.charCodeAt(0) !== 0x3a || text.length > 6) return false
  return every(text.slice(1), isDigit) && Number(text.slice(1)) < 65_536
}

function every(text: string, allowed: (c: number) => boolean): boolean {
  for (let i = 0; i < text.length; i++) if (!allowed(text.charCodeAt(i))) return false
  return true
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
