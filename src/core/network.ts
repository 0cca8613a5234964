/**
 * The network that a client's address is in: /24 of IPv4, /48 of IPv6. Coarse on purpose: the same
 * office, phone or server keeps its network for long, while its address changes.
 *
 * Pure and total. Reads what `src/http` writes (canonical addresses, and groups such as
 * `2001:db8::/64`) and what an app passes to `gate.check` by itself: mapped IPv4, zones, upper case.
 */

const BYTE = /^(?:0|[1-9]\d{0,2})$/
const GROUP = /^[0-9a-f]{1,4}$/i
const MAX_LENGTH = 80

/** `203.0.113.0/24` or `2001:db8:7::/48`; null for what is no address. */
export function networkOf(address: string): string | null {
  if (address.length > MAX_LENGTH) return null
  const bare = withoutSuffix(address)
  return bare.includes(':') ? networkOf6(bare) : networkOf4(bare)
}

/** Without the prefix length of a group and the zone of a link-local address. */
function withoutSuffix(address: string): string {
  const slash = address.indexOf('/')
  const block = slash === -1 ? address : address.slice(0, slash)
  const zone = block.indexOf('%')
  return zone === -1 ? block : block.slice(0, zone)
}

function networkOf4(text: string): string | null {
  const bytes = bytesOf(text)
  return bytes === undefined ? null : `${bytes[0]}.${bytes[1]}.${bytes[2]}.0/24`
}

function bytesOf(text: string): readonly number[] | undefined {
  const parts = text.split('.')
  const isAddress =
    parts.length === 4 && parts.every((part) => BYTE.test(part) && Number(part) < 256)
  return isAddress ? parts.map(Number) : undefined
}

function networkOf6(text: string): string | null {
  const groups = groupsOf(text)
  if (groups === undefined) return null
  const [, , , , , mark = 0, high = 0, low = 0] = groups
  if (mark === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return `${high >> 8}.${high & 0xff}.${low >> 8}.0/24`
  }
  const prefix = groups.slice(0, 3)
  // Zeros at its end are part of the `::` that follows.
  while (prefix.at(-1) === 0) prefix.pop()
  return `${prefix.map(hex).join(':')}::/48`
}

const hex = (group: number): string => group.toString(16)

/** All eight groups; undefined for what is no IPv6 address. */
function groupsOf(text: string): number[] | undefined {
  const [head = '', tail, ...more] = withoutDots(text).split('::')
  const before = readGroups(head)
  const after = readGroups(tail ?? '')
  if (before === undefined || after === undefined || more.length > 0) return undefined
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  return [...before, ...Array<number>(missing).fill(0), ...after]
}

/** `::ffff:192.0.2.1` as `::ffff:c000:201`. */
function withoutDots(text: string): string {
  const lastColon = text.lastIndexOf(':')
  const [a, b, c, d] = bytesOf(text.slice(lastColon + 1)) ?? []
  if (a === undefined || b === undefined || c === undefined || d === undefined) return text
  return `${text.slice(0, lastColon + 1)}${hex((a << 8) | b)}:${hex((c << 8) | d)}`
}

function readGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  if (!groups.every((group) => GROUP.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16))
}
