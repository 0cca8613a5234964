/**
 * Names of what is counted. Injective: two different things never share a counter, whatever their
 * names contain, because every part but the last has a fixed width or is preceded by its length.
 */
import type { SpendScope } from './spend/caps.ts'

/** All limits of a key's tier. `keyId` has 8 characters. */
export const keySubject = (keyId: string): string => `k${keyId}`

/** Limits that a route adds for a key. */
export const routeSubject = (keyId: string, routeId: string): string => `r${keyId}${routeId}`

/** All requests of a client address (already grouped: one IPv4 address or one IPv6 prefix). */
export const addressSubject = (address: string): string => `i${address}`

/** Bad credentials of a client address. */
export const addressFailuresSubject = (address: string): string => `f${address}`

/** Spend of a key, an owner, a tier or the account; the letter after `s` tells which. */
export const spendSubject = ({ kind, id }: SpendScope): string => `s${kind[0]}${id}`

/** Fresh mails of a one-click link. */
export const linkSubject = (linkId: string): string => `l${linkId}`
