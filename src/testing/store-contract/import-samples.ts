/** Another store's data for the store contract: keys, chains, usage, links, mail, activity, spend. */
import type { AuditHead, AuditRow } from '../../core/audit.ts'
import { chainRows, emptyHead } from '../../core/audit-chain.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { KeptMail } from '../../core/mail.ts'
import type { KeyActivity } from '../../core/ports/activity.ts'
import type { SpendReservation, SpendReset, SpendSum } from '../../core/ports/ledger.ts'
import type { ExportedLink } from '../../core/ports/links.ts'
import type { ImportedBatch } from '../../core/ports/store.ts'
import type { SetCaps } from '../../core/spend/caps.ts'
import { leakOf, sampleMail } from './leak-samples.ts'
import { ACCOUNT, amountOf, CALL_MS, keyScope, MINUTE_MS, reservationOf } from './ledger-samples.ts'
import { HOSTILE_TEXTS, START_MS, sampleEntry, sampleKey } from './samples.ts'

const record = (keyId: string, overrides: Partial<KeyRecord> = {}): KeyRecord => ({
  ...{ ...sampleKey(keyId), version: 1, status: 'active', revokedAtMs: null },
  ...overrides,
})

export const KEYS: readonly KeyRecord[] = [
  record('Imported', { version: 7, status: 'disabled', createdAtMs: START_MS + 2 }),
  record('Revoked1', {
    ...{ version: 3, status: 'revoked', revokedAtMs: START_MS + 5 },
    createdAtMs: START_MS + 1,
  }),
  ...HOSTILE_TEXTS.map((text, index) =>
    record(`id${text}`, {
      owner: { email: `${index}${text.toLowerCase()}`, externalId: text },
      ...{ name: text, tier: text, scopes: [text], secretHash: text, rotatedFrom: text },
      createdAtMs: START_MS - index,
    }),
  ),
]

const chain = (name: string): AuditRow[] =>
  chainRows(
    emptyHead(name),
    HOSTILE_TEXTS.map((text) => sampleEntry('auth.failed', { actor: text, details: { a: text } })),
  )

export const [ONE, TWO] = [chain('one'), chain('two')]
/** Two chains whose rows take turns, as when two instances wrote. */
export const ROWS = ONE.flatMap((row, index) => [row, ...TWO.slice(index, index + 1)])
export const HEADS: readonly AuditHead[] = [...ONE.slice(-1), ...TWO.slice(-1)].map(
  ({ chain, seq, hash }) => ({ chain, seq, hash }),
)

export const USAGE = [
  { subject: 'ka', admissionsMs: [START_MS], expiresAtMs: START_MS + 9, meters: {} },
  { subject: 'kb', admissionsMs: [], expiresAtMs: START_MS + 9, meters: { day: [1.5] } },
]

export async function* batches(...all: readonly ImportedBatch[]) {
  yield* all
}

const LEAKED = { ...leakOf('Imported', 'link1').link, replacementKeyId: null }
export const LINKS: readonly ExportedLink[] = [
  {
    link: { ...LEAKED, closedAtMs: null, suspendedVersion: 7 },
    tokens: [{ linkId: 'link1', tokenHash: 'token1', expiresAtMs: START_MS + 9 }],
  },
  ...HOSTILE_TEXTS.map((text, index) => ({
    link: {
      ...{ ...LEAKED, linkId: `link${text}`, keyId: text, closedAtMs: START_MS + index },
      ...{ replacementKeyId: text, suspendedVersion: null },
    },
    tokens: [],
  })),
]
export const MAIL: readonly KeptMail[] = [
  {
    ...sampleMail('mail1', { linkId: 'link1' }),
    ...{ state: 'failed', dueAtMs: START_MS + 3, attempts: 4, problem: 'no such box' },
    settledAtMs: START_MS + 4,
  },
]
const use = (requests: number) => ({
  ...{ requests, firstUsedAtMs: START_MS, lastUsedAtMs: START_MS + 3 },
})
export const ACTIVITY: readonly KeyActivity[] = [
  {
    ...{ keyId: 'Imported', ...use(9), hours: [{ startMs: START_MS, requests: 4 }] },
    networks: [{ network: '192.0.2.0/24', ...use(5) }],
  },
]

export const SPEND_SUMS: readonly SpendSum[] = ['', ...HOSTILE_TEXTS.slice(1)].map(
  (text, index) => ({
    ...{ startMs: CALL_MS + index * MINUTE_MS, keyId: `id${text}`, model: text, requests: 2 },
    usage: { inputTokens: 9, cachedInputTokens: 1, cacheWriteTokens: 2, outputTokens: 3 },
    amount: amountOf(50 + index),
  }),
)
export const SPEND_RESERVATIONS: readonly SpendReservation[] = [
  reservationOf('held', { keyId: 'Imported' }),
  reservationOf('unnamed', { keyId: 'Imported', model: null }),
]
export const SPEND_RESETS: readonly SpendReset[] = [
  { scope: ACCOUNT, atMs: CALL_MS, before: amountOf(50) },
  { scope: keyScope('Imported'), atMs: CALL_MS + 1, before: amountOf(0) },
]
export const SPEND_CAPS: readonly SetCaps[] = [
  {
    ...{ scope: keyScope('Imported'), perDayMicroUsd: 1, perMonthMicroUsd: null },
    ...{ models: HOSTILE_TEXTS, maxOutputTokens: 4 },
  },
]

export const everything = () =>
  batches(
    { keys: KEYS.slice(0, 5) },
    { keys: KEYS.slice(5), audit: ROWS.slice(0, 7) },
    { audit: ROWS.slice(7), usage: USAGE },
    { links: LINKS, mail: MAIL },
    { activity: ACTIVITY, spendSums: SPEND_SUMS.slice(0, 3) },
    { spendSums: SPEND_SUMS.slice(3), spendReservations: SPEND_RESERVATIONS },
    { spendResets: SPEND_RESETS, spendCaps: SPEND_CAPS },
  )
