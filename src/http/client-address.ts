/**
 * Who a request comes from: the socket's address, or, where that is a trusted proxy, the nearest
 * address of X-Forwarded-For that is not one.
 *
 * The chain is walked from right to left, because everything left of the last trusted hop is
 * whatever the client wrote. An entry that is no address ends the walk at the hop before it.
 * IPv4-mapped IPv6 and NAT64 addresses are the IPv4 address they carry, each with its own group;
 * other IPv6 addresses are counted by their prefix. Texts that were read before are a Map lookup;
 * the Map is bounded and forgetting it costs only reading again.
 */
import ipaddr from 'ipaddr.js'
import { ConfigError } from '../core/errors.ts'
import type { HttpSettings } from '../core/settings.ts'

export interface ClientAddress {
  /** The exact address in its canonical form, without zone or port. */
  readonly address: string
  /** What limits count: the IPv4 address, or the IPv6 prefix such as `2001:db8::/64`. */
  readonly group: string
}

export type FindClientAddress = (
  remoteAddress: string | undefined,
  rawHeaders: readonly string[],
) => ClientAddress | undefined

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Block = readonly [Address, number]

/** An address that was read, and whether its X-Forwarded-For is believed. */
interface Hop extends ClientAddress {
  readonly trusted: boolean
}

const MAX_REMEMBERED = 10_000
/** The longest IPv6 text with brackets, zone and port stays well below. */
const MAX_ENTRY_LENGTH = 80
const NAT64_PREFIX: Block = [ipaddr.IPv6.parse('64:ff9b::'), 96]

/** Throws ConfigError for a trusted proxy that is neither an address nor a CIDR block. */
export function createClientAddress(
  settings: Pick<HttpSettings, 'trustedProxies' | 'ipv6PrefixBits'>,
): FindClientAddress {
  const { ipv6PrefixBits } = settings
  const trustedBlocks = settings.trustedProxies.map(readBlock)
  const remembered = new Map<string, Hop | null>()

  /** null: the text is no address. */
  function hopOf(text: string): Hop | null {
    if (text.length > MAX_ENTRY_LENGTH) return null
    const known = remembered.get(text)
    if (known !== undefined) return known
    const hop = readHop(text, trustedBlocks, ipv6PrefixBits)
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    remembered.set(text, hop)
    return hop
  }

  return function findClientAddress(remoteAddress, rawHeaders) {
    if (remoteAddress === undefined) return undefined
    const remote = hopOf(remoteAddress)
    if (remote === null) return { address: remoteAddress, group: remoteAddress }
    return remote.trusted ? walk(remote, rawHeaders, hopOf) : remote
  }
}

function walk(
  remote: Hop,
  rawHeaders: readonly string[],
  hopOf: (text: string) => Hop | null,
): Hop {
  let nearest = remote
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (!isForwardedFor(rawHeaders[index] ?? '')) continue
    const entries = (rawHeaders[index + 1] ?? '').split(',')
    for (let at = entries.length - 1; at >= 0; at--) {
      const hop = hopOf((entries[at] ?? '').trim())
      if (hop === null) return nearest
      nearest = hop
      if (!hop.trusted) return nearest
    }
  }
  return nearest
}

function isForwardedFor(name: string): boolean {
  return name.length === 15 && name.toLowerCase() === 'x-forwarded-for'
}

function readHop(text: string, trusted: readonly Block[], ipv6PrefixBits: number): Hop | null {
  const parsed = parseAddress(withoutPort(text))
  if (parsed === undefined) return null
  const address = parsed.toString()
  const group = parsed instanceof ipaddr.IPv6 ? prefixOf(parsed, ipv6PrefixBits) : address
  return Object.freeze({
    address,
    group,
    trusted: trusted.some((block) => contains(block, parsed)),
  })
}

/** `1.2.3.4:5678` and `[::1]:80` as proxies write them; a bare IPv6 address has no port. */
function withoutPort(text: string): string {
  if (text.startsWith('[')) {
    const match = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)
    return match?.[1] ?? ''
  }
  const colon = text.indexOf(':')
  const isPort = colon !== -1 && /^\d{1,5}$/.test(text.slice(colon + 1))
  return isPort && text.includes('.') ? text.slice(0, colon) : text
}

function parseAddress(text: string): Address | undefined {
  const bare = text.split('%', 1)[0] ?? ''
  // ipaddr.js also reads 127.1, 0x7f.1 and octal; a proxy never writes those, an attacker might.
  const isStrict = bare.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(bare)
  if (!isStrict || !ipaddr.isValid(bare)) return undefined
  return carriedIPv4(ipaddr.parse(bare))
}

function carriedIPv4(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  return contains(NAT64_PREFIX, address)
    ? new ipaddr.IPv4(address.toByteArray().slice(12))
    : address
}

function prefixOf(address: ipaddr.IPv6, bits: number): string {
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`)}/${bits}`
}

function contains([network, bits]: Block, address: Address): boolean {
  return network.kind() === address.kind() && address.match([network, bits])
}

function readBlock(text: string, index: number): Block {
  if (ipaddr.isValidCIDR(text)) return unmapBlock(ipaddr.parseCIDR(text))
  const address = parseAddress(text)
  if (address !== undefined) return [address, address.kind() === 'ipv4' ? 32 : 128]
  throw new ConfigError(
    `ip.trustedProxies[${index}] must be an address or a block such as "10.0.0.0/8", not "${text}"`,
  )
}

/** Clients are unmapped before they are compared, so blocks are as well. */
function unmapBlock([network, bits]: Block): Block {
  const isMapped = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96
  return isMapped ? [network.toIPv4Address(), bits - 96] : [network, bits]
}
