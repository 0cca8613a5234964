/**
 * Verifying the audit log: the chain of hashes, the signatures of the checkpoints that it begins at,
 * and that it passes through heads which were exported before.
 *
 * It reads in pages and without a lock: rows written meanwhile are covered by the heads read
 * afterwards, and where rows were let go of meanwhile it starts again.
 */
import type { AuditHead } from '../core/audit.ts'
import { ChainVerifier } from '../core/audit-chain.ts'
import type { SignedPlace, SignedPlaceKind } from '../core/audit-signature.ts'
import { KnownHeads } from '../core/known-heads.ts'
import type { AuditSigner } from '../core/ports/audit-signer.ts'
import type { Store } from '../core/ports/store.ts'
import type { AuditEvidence, AuditTrust, AuditVerdict } from './gate.ts'
import { signatureProblem } from './retention/signatures.ts'

const PAGE_SIZE = 1_000
const MAX_ATTEMPTS = 5

export interface VerificationParts {
  readonly store: Pick<Store, 'readAudit' | 'auditHeads' | 'auditCheckpoints'>
  readonly signer: AuditSigner | undefined
}

export async function verifyLog(
  { store, signer }: VerificationParts,
  evidence: AuditEvidence = {},
): Promise<AuditVerdict> {
  const trust = await trustOf(signer, evidence)
  for (let attempt = 1; ; attempt++) {
    const checkpoints = await store.auditCheckpoints()
    const verdict = await verifyOnce(store, checkpoints, trust, evidence.heads ?? [])
    if (verdict.intact || attempt === MAX_ATTEMPTS) return verdict
    if (marksOf(checkpoints) === marksOf(await store.auditCheckpoints())) return verdict
  }
}

/** The keys whose signatures count, from the surest source that there is. */
async function trustOf(
  signer: AuditSigner | undefined,
  { trustedKeys = [], heads = [] }: AuditEvidence,
): Promise<AuditTrust> {
  if (trustedKeys.length > 0) return { source: 'given', keys: trustedKeys }
  const own = await signer?.publicKey()
  if (typeof own === 'string') return { source: 'signing key', keys: [own] }
  if (heads.length === 0) return { source: 'nobody', keys: [] }
  return { source: 'heads', keys: [...new Set(heads.map(({ publicKey }) => publicKey))] }
}

async function verifyOnce(
  store: VerificationParts['store'],
  checkpoints: readonly SignedPlace[],
  trust: AuditTrust,
  heads: readonly SignedPlace[],
): Promise<AuditVerdict> {
  const forged = firstForged('checkpoint', checkpoints, trust) ?? firstForged('head', heads, trust)
  if (forged !== undefined) return forged
  const chains = new ChainVerifier(await store.auditHeads(), checkpoints)
  const known = new KnownHeads(heads, checkpoints)
  for await (const row of rowsOf(store)) {
    chains.feed(row)
    known.feed(row)
  }
  const verdict = chains.finish(await store.auditHeads())
  if (!verdict.intact) return verdict
  const { passed, pruned, fault } = known.finish()
  if (fault !== null) return { intact: false, ...fault }
  return { ...verdict, checkpoints: checkpoints.length, trust, heads: { passed, pruned } }
}

async function* rowsOf(store: VerificationParts['store']) {
  let afterPosition = 0
  for (;;) {
    const page = await store.readAudit({ afterPosition, pageSize: PAGE_SIZE })
    for (const { row } of page) yield row
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_SIZE) return
    afterPosition = last.position
  }
}

function firstForged(
  kind: SignedPlaceKind,
  places: readonly SignedPlace[],
  trust: AuditTrust,
): AuditVerdict | undefined {
  const what = kind === 'head' ? 'exported head' : 'checkpoint'
  for (const place of places) {
    const problem = signatureProblem(kind, place, trust.keys)
    if (problem === undefined) continue
    return { intact: false, chain: place.chain, seq: place.seq, problem: `${what}: ${problem}` }
  }
  return undefined
}

const marksOf = (checkpoints: readonly AuditHead[]): string =>
  checkpoints
    .map(({ hash }) => hash)
    .sort()
    .join()
