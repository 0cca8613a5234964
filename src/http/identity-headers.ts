/** Who a request comes from, as headers for those behind us: `X-Lockgate-*`. */
import type { Identity } from '../core/decision.ts'

/** Names in lower case, as HTTP/2 has them. */
export const identityHeaders = (
  identity: Identity,
): readonly (readonly [name: string, value: string])[] => [
  ['x-lockgate-key-id', headerText(identity.keyId)],
  ['x-lockgate-owner', headerText(identity.owner)],
  ['x-lockgate-tier', headerText(identity.tier)],
  ['x-lockgate-scopes', headerText(identity.scopes.join(','))],
]

/** Text as a header value: printable ASCII as it is, the rest as `%XX` of its UTF-8 bytes. */
export function headerText(text: string): string {
  let safe = true
  for (let i = 0; i < text.length && safe; i++) {
    const c = text.charCodeAt(i)
    safe = c > 0x20 && c < 0x7f && c !== 0x25
  }
  return safe ? text : encodeURIComponent(text.toWellFormed())
}
