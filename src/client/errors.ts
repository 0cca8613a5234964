/** What a refusal of the admin API becomes for those who call it. */

export interface RefusalBody {
  readonly code: string
  readonly message: string
  readonly request_id: string
  readonly retry_after?: number
}

/** A refusal. Branch on `code`, never on the message; quote `requestId` to whoever runs the server. */
export class LockgateApiError extends Error {
  override readonly name = 'LockgateApiError'
  readonly status: number
  /** A code of the catalogue; `invalid_answer` where what came back is no answer of this API. */
  readonly code: string
  readonly requestId: string | undefined
  /** Whole seconds to wait before the same call may succeed; on 429 and 503. */
  readonly retryAfter: number | undefined

  constructor(status: number, body: Partial<RefusalBody>) {
    super(body.message ?? `The server answered ${status} without saying why.`)
    this.status = status
    this.code = body.code ?? 'invalid_answer'
    this.requestId = body.request_id
    this.retryAfter = body.retry_after
  }
}
