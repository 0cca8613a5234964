/** What is legal in a configuration and yet unsafe, or useless, to serve with. Pure. */
import { isLoopbackHost } from '../core/loopback.ts'
import type { GatewaySettings, Settings } from '../core/settings.ts'

/** Upstream headers made from an environment variable that is not set: `Bearer undefined`. */
export function unsetUpstreamHeaders({ upstreamHeaders }: GatewaySettings): string[] {
  return Object.entries(upstreamHeaders)
    .filter(([, value]) => /(^|\s)undefined$/.test(value))
    .map(([name]) => name)
}

/** What an operator should know before others can reach `address`. */
export function exposureWarnings(settings: Settings, address: string): string[] {
  if (isLoopbackHost(address)) return []
  const warnings = [
    `listening on ${address} without TLS: keys travel in clear text unless a proxy in front ends TLS`,
  ]
  if (settings.http.trustedProxies.length === 0) {
    warnings.push(
      'ip.trustedProxies is empty: behind a proxy all clients would count as one address; list the proxy there',
    )
  }
  if (settings.address === null) {
    warnings.push('ip is false: guessing keys and floods from one address are not limited')
  }
  return warnings
}

/** Blocks that hold every address: whoever connects could claim to be anyone. */
export function trustsEveryone(trustedProxies: readonly string[]): boolean {
  return trustedProxies.some((block) => /\/0+$/.test(block))
}
