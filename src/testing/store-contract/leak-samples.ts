/** Leaks, suspicions, links and mails of the store contract. */
import type { NewMail } from '../../core/mail.ts'
import type { LeakResponse, LinkPurpose, SuspicionResponse } from '../../core/ports/links.ts'
import type { NewKey, Store } from '../../core/ports/store.ts'
import { START_MS, sampleEntry, sampleKey } from './samples.ts'

export const DAY_MS = 86_400_000

export function sampleMail(name: string, overrides: Partial<NewMail> = {}): NewMail {
  return {
    ...{ name, kind: 'key.leaked', to: 'ada@example.org', audience: 'owner', keyId: 'LeakedKy' },
    ...{ linkId: null, details: { key_name: null, tier: 'free' }, createdAtMs: START_MS },
    ...overrides,
  }
}

const sampleLink = (linkId: string, keyId: string, purpose: LinkPurpose, createdAtMs: number) => ({
  ...{ linkId, keyId, purpose, createdAtMs },
})

/** What a report of this key asks for: a link of this name and one mail. */
export function leakOf(keyId: string, linkId: string, atMs = START_MS): LeakResponse {
  return {
    atMs,
    link: sampleLink(linkId, keyId, 'leaked', atMs),
    mails: [sampleMail(`leaked-${keyId}`, { keyId, linkId, createdAtMs: atMs })],
    leaked: sampleEntry('key.leaked', { keyId, details: { source: 'holder' } }),
    revoked: sampleEntry('key.revoked', { keyId }),
  }
}

export function suspicionOf(
  keyId: string,
  linkId: string,
  overrides: Partial<SuspicionResponse> = {},
): SuspicionResponse {
  const { atMs = START_MS } = overrides
  const mail = { keyId, linkId, kind: 'key.suspicious', createdAtMs: atMs } as const
  return {
    atMs,
    suspend: false,
    link: sampleLink(linkId, keyId, 'suspicious', atMs),
    mails: [sampleMail(`suspicious-${linkId}`, mail)],
    suspicious: sampleEntry('key.suspicious', { keyId }),
    disabled: sampleEntry('key.disabled', { keyId }),
    quietSinceMs: atMs - DAY_MS,
    ...overrides,
  }
}

/** Adds a token that opens the link for a day from `atMs` on. */
export const addToken = (store: Store, linkId: string, tokenHash: string, atMs = START_MS) =>
  store.addLinkToken({ linkId, tokenHash, expiresAtMs: atMs + DAY_MS })

export function replaceBy(
  store: Store,
  tokenHash: string,
  [keyId, newId]: readonly [string, string],
  { atMs = START_MS, ...overrides }: Partial<NewKey> & { readonly atMs?: number } = {},
) {
  return store.closeLink(tokenHash, atMs, {
    kind: 'replace',
    replacement: sampleKey(newId, { rotatedFrom: keyId, ...overrides }),
    revoked: sampleEntry('key.revoked', { keyId }),
    audit: [
      sampleEntry('key.created', { keyId: newId, details: { replaces: keyId } }),
      sampleEntry('key.replaced', { keyId, details: { replaced_by: newId } }),
    ],
  })
}

export const keepBy = (store: Store, tokenHash: string, keyId: string, atMs = START_MS) =>
  store.closeLink(tokenHash, atMs, {
    kind: 'keep',
    enabled: sampleEntry('key.enabled', { keyId }),
    audit: [sampleEntry('key.kept', { keyId })],
  })
