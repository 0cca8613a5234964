/**
 * An answer that is metered while it passes. Nothing is kept back but the rest of an event that has not
 * come yet; nothing is read that nobody asks for, so back-pressure reaches the API.
 *
 * A stream that reaches a cap ends with an error event and without the mark of a whole answer. Whoever
 * stops reading, by an abort, a break, or a client that left, stops the call and pays for what passed.
 */
import { ERRORS } from '../core/errors.ts'
import { type Caller, denialOf } from '../http/held-call.ts'
import { CALL_HEADER, CODE_HEADER } from '../http/refused-call.ts'
import {
  type AiCall,
  type AnswerMeter,
  errorEvent,
  isEventStream,
  meterAnswer,
} from '../metering/index.ts'
import type { CallAccount } from './call-account.ts'

export interface ResponseParts {
  readonly call: AiCall
  readonly account: CallAccount
  readonly caller: Caller
  /** Ends the request to the API. */
  readonly stop: AbortController
  /** Aborts where the SDK, its user or `stop` does. */
  readonly signal: AbortSignal
}

export function meteredResponse(response: Response, parts: ResponseParts): Response {
  const { call, account, caller } = parts
  const { status, statusText, url } = response
  const head = { status, contentType: response.headers.get('content-type') ?? undefined }
  const meter = meterAnswer(call, head)
  const settle = (): void => {
    const { usage, isReported } = meter.metered()
    account.settle(status >= 400 && !isReported ? 'nothing' : usage)
  }
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  headers.delete(CODE_HEADER)
  headers.set(CALL_HEADER, caller.requestId)
  if (response.body === null) settle()
  const watched = { ...parts, meter, settle, isStream: isEventStream(call, head) }
  const body = response.body === null ? null : passing(response.body, watched)
  const metered = new Response(body, { status, statusText, headers })
  return Object.defineProperty(metered, 'url', { value: url })
}

interface Watched extends ResponseParts {
  readonly meter: AnswerMeter
  readonly isStream: boolean
  readonly settle: () => void
}

type Controller = ReadableStreamDefaultController<Uint8Array>

function passing(
  source: AsyncIterable<Uint8Array>,
  watched: Watched,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { meter, signal, stop, settle, account } = watched
  const chunks = source[Symbol.asyncIterator]()
  signal.addEventListener('abort', settle, { once: true })
  account.onSettled(() => signal.removeEventListener('abort', settle))

  /** Until something has gone on, or it is over. */
  async function pull(controller: Controller): Promise<void> {
    for (;;) {
      const { done, value } = await chunks.next()
      const passed = done ? meter.end() : meter.write(value)
      if (passed.length > 0) controller.enqueue(passed)
      if (done) {
        settle()
        controller.close()
        return
      }
      if (!(await mayGoOn(watched))) {
        cut(controller, watched)
        return
      }
      if (passed.length > 0) return
    }
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: (controller) =>
        pull(controller).catch((error: unknown) => {
          settle()
          throw stop.signal.aborted ? stop.signal.reason : error
        }),
      cancel() {
        settle()
        stop.abort()
      },
    },
    { highWaterMark: 0 },
  )
}

/** What the API has reported is spent; a cut would save nothing. */
async function mayGoOn({ isStream, meter, account }: Watched): Promise<boolean> {
  if (!isStream) return true
  const metered = meter.metered()
  return metered.isReported || account.covers(metered)
}

function cut(controller: Controller, { caller, call, meter, stop, settle }: Watched): void {
  settle()
  stop.abort()
  caller.last.denial = denialOf(caller, { allowed: false, code: 'spend_exceeded', limits: [] })
  const { message } = ERRORS.spend_exceeded
  controller.enqueue(errorEvent(call, caller.requestId, message, meter.nextSequence))
  controller.close()
}
