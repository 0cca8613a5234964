/** Who is at the other end of a connection, as the upstream will be told. */
import type { HttpSettings } from '../../core/settings.ts'
import { createClientAddress } from '../client-address.ts'

export interface Peer {
  /** The canonical address, without an IPv4-mapped prefix; empty where the socket has none. */
  readonly address: string
  /** A trusted proxy: what it says about its client is passed on. */
  readonly trusted: boolean
}

/** An address for documentation (RFC 5737): believed from a trusted proxy only. */
const PROBE = Object.freeze(['x-forwarded-for', '192.0.2.1'])

export function createPeers(
  settings: Pick<HttpSettings, 'trustedProxies' | 'ipv6PrefixBits'>,
): (remoteAddress: string | undefined) => Peer {
  const clientAddressOf = createClientAddress(settings)
  return function peerOf(remoteAddress) {
    const address = clientAddressOf(remoteAddress, [])?.address ?? ''
    const claimed = clientAddressOf(remoteAddress, PROBE)?.address ?? ''
    return Object.freeze({ address, trusted: claimed !== address })
  }
}
