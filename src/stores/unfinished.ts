/** Members of the Store port that both stores are about to get. */
import type { Store } from '../core/ports/store.ts'

const missing = (): never => {
  throw new Error('this store does not do that yet')
}

type Missing =
  | 'reportLeak'
  | 'raiseSuspicion'
  | 'addLinkToken'
  | 'findLink'
  | 'closeLink'
  | 'enqueueMail'
  | 'claimMail'
  | 'settleMail'
  | 'mailQueue'
  | 'saveActivity'
  | 'findActivity'
  | 'listActiveKeys'
  | 'pruneAudit'
  | 'auditCheckpoints'

export const UNFINISHED: Pick<Store, Missing> = {
  ...{ reportLeak: missing, raiseSuspicion: missing, addLinkToken: missing, findLink: missing },
  ...{ closeLink: missing, enqueueMail: missing, claimMail: async () => [], settleMail: missing },
  ...{ mailQueue: missing, saveActivity: missing, findActivity: missing, listActiveKeys: missing },
  ...{ pruneAudit: missing, auditCheckpoints: async () => [] },
}
