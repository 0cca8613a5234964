/**
 * `POST /v1/leaks/github`: reports of GitHub's secret scanning partner programme.
 *
 * Nothing of a report is parsed before its signature is verified over the raw body. Each token must
 * then be a key of ours, secret included, like one that anybody reports; the signature only says that
 * its sender may tell us without being counted. The same report twice changes nothing the second
 * time. What cannot be checked right now is tried again while GitHub waits; then the report is 503 as
 * a whole, so that GitHub sends it again.
 */
import { sha256Hex } from '../../../core/crypto.ts'
import { LockgateError } from '../../../core/errors.ts'
import type { Gate } from '../../../engine/gate.ts'
import { type AdminRequest, type AdminRoute, jsonAnswer } from '../../routes.ts'
import { gitHubReport, type Match } from './contract.ts'
import { readMatches } from './matches.ts'
import type { PublicKeys } from './public-keys.ts'
import { isSignedBy } from './signature.ts'
import { sentSignature } from './signature-headers.ts'

/** GitHub waits 30 s for those who tell it what was a false positive. */
const TRY_FOR_MS = 20_000
const MAX_BODY_BYTES = 1024 * 1024

type Label = 'true_positive' | 'false_positive'

export function githubRoute(gate: Pick<Gate, 'leaks'>, publicKeys: PublicKeys): AdminRoute {
  const { method, path, status } = gitHubReport
  return {
    ...{ method, path, access: 'public' },
    // Without a body there is no signature of it either, and that is what is said.
    ...{ body: 'raw', bodyIsOptional: true, maxBodyBytes: MAX_BODY_BYTES },
    async handle(request) {
      const matches = readMatches(await verifiedBody(request, publicKeys))
      const giveUpAtMs = performance.now() + TRY_FOR_MS
      const labels = new Map<string, Label>()
      for (const match of matches) {
        if (labels.has(match.token)) continue
        labels.set(match.token, await report(gate, match, request.requestId, giveUpAtMs))
      }
      return jsonAnswer(
        status,
        matches.map(({ token, type }) => feedback(token, type, labels.get(token))),
      )
    },
  }
}

/** The token itself is not sent back: answers end up in logs. */
const feedback = (token: string, type: string, label: Label | undefined): object => ({
  token_hash: sha256Hex(token),
  token_type: type,
  label,
})

async function verifiedBody(
  { headers, body }: AdminRequest,
  publicKeys: PublicKeys,
): Promise<Buffer> {
  const sent = sentSignature(headers)
  const key = sent && (await publicKeys.find(sent.keyIdentifier))
  const isGenuine =
    sent !== undefined &&
    key !== undefined &&
    Buffer.isBuffer(body) &&
    isSignedBy(key, body, sent.signature)
  if (!isGenuine) throw new LockgateError('bad_signature')
  return body
}

async function report(
  { leaks }: Pick<Gate, 'leaks'>,
  { token, url, source }: Match,
  requestId: string,
  giveUpAtMs: number,
): Promise<Label> {
  const where = url.trim() === '' ? source : url
  for (;;) {
    const outcome = await leaks.reportKey(
      token,
      { source: 'github', where },
      { address: undefined, requestId },
    )
    if (!('code' in outcome)) return 'true_positive'
    if (outcome.code === 'invalid_key') return 'false_positive'
    const waitMs = (outcome.retryAfterSeconds ?? 1) * 1_000
    if (performance.now() + waitMs > giveUpAtMs) throw new LockgateError(outcome.code)
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}
