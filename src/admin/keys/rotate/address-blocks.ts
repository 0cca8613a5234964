/** Allow lists of keys, compared: lists of addresses and CIDR blocks; an empty one means anywhere. */
import { BlockList, isIPv6 } from 'node:net'

/** Whether every address of `inner` is one of `outer`. Blocks that only together cover one do not. */
export function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  if (outer.length === 0) return true
  return inner.length > 0 && inner.every((block) => outer.some((around) => covers(around, block)))
}

function covers(outer: string, inner: string): boolean {
  const around = readBlock(outer)
  const within = readBlock(inner)
  if (around.family !== within.family || around.bits > within.bits) return false
  const list = new BlockList()
  list.addSubnet(around.address, around.bits, around.family)
  return list.check(within.address, within.family)
}

function readBlock(text: string) {
  const [address = '', bits] = text.split('/')
  const family = isIPv6(address) ? ('ipv6' as const) : ('ipv4' as const)
  const widest = family === 'ipv6' ? 128 : 32
  return { address, family, bits: bits === undefined ? widest : Number(bits) }
}
