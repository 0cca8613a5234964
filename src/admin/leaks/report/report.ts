/**
 * A report by whoever holds the key. It tells nobody anything about a key that they do not hold:
 * whatever is no key of ours gets the one answer that a bad key gets everywhere, and counts for its
 * address as one.
 */
import type { Gate } from '../../../engine/gate.ts'
import type { BodyOf } from '../../contract/endpoint.ts'
import { readBody } from '../../contract/read-input.ts'
import { type AdminRoute, jsonAnswer } from '../../routes.ts'
import { reportLeak } from './contract.ts'

export function reportRoute({ leaks }: Pick<Gate, 'leaks'>): AdminRoute {
  const { method, path, status } = reportLeak
  return {
    ...{ method, path, access: 'public', body: 'json' },
    // The report itself counts, as a request or as a bad credential.
    isUncounted: true,
    async handle({ body, address, requestId }) {
      const { key, where } = readBody(reportLeak.body, body) as BodyOf<typeof reportLeak>
      const report = { source: 'holder', where } as const
      const outcome = await leaks.reportKey(key, report, { address, requestId })
      if ('allowed' in outcome) return outcome
      return jsonAnswer(status, { status: 'revoked', key_id: outcome.key.keyId })
    },
  }
}
