/**
 * The way in of a call of an AI API: who asks, then what for, and only then the decision, because what is
 * asked for is what the call can cost. Says exactly one thing at its end, or nothing once it is stopped.
 */
import type { ErrorCode } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { SpendDesk } from '../engine/gate.ts'
import type { Admission, AdmissionOptions, RawRequest, Recognition } from '../http/admission.ts'
import type { Recognise } from '../http/admit.ts'
import { routingPath } from '../http/server/target.ts'
import { readCall } from '../metering/index.ts'
import { CallCharge } from './call-charge.ts'
import { type BodyBudget, CallReader } from './call-reader.ts'
import type { Arrival } from './client-side.ts'
import { whenKnown } from './when-known.ts'

export interface CallIntakeParts {
  readonly spend: SpendDesk
  readonly budget: BodyBudget
  readonly recognise: Recognise
  readonly maxBodyBytes: number
  readonly log: Logger
}

export interface CallArrival extends Arrival {
  readonly raw: RawRequest
  readonly options: AdmissionOptions
}

export interface CallIntakeEnd {
  /** Also after `stop`, because what was taken must be given back. */
  decided(admission: Admission, charge: CallCharge, body: Uint8Array): void
  rejected(rejection: Exclude<Admission, { admitted: true }>): void
  failed(code: ErrorCode): void
}

type Recognised = Extract<Recognition, { recognised: true }>

export class CallIntake {
  readonly #parts: CallIntakeParts
  readonly #arrival: CallArrival
  readonly #end: CallIntakeEnd
  #reader: CallReader | undefined
  #isStopped = false

  constructor(parts: CallIntakeParts, arrival: CallArrival, end: CallIntakeEnd) {
    this.#parts = parts
    this.#arrival = arrival
    this.#end = end
  }

  start(): void {
    const { raw, options } = this.#arrival
    whenKnown(this.#parts.recognise(raw, options), (known) => {
      if (this.#isStopped) return
      if ('recognised' in known) this.#readBody(known)
      else this.#end.rejected(known)
    })
  }

  /** The body has been sent on. */
  release(): void {
    this.#reader?.release()
  }

  stop(): void {
    this.#isStopped = true
    this.release()
  }

  #readBody(caller: Recognised): void {
    const { request, response, sound, expectsContinue } = this.#arrival
    if (isEncoded(request.headers['content-encoding'])) {
      this.#refuse(caller, 'unsupported_encoding')
      return
    }
    if (sound.bodyBytes === 0) {
      this.#bodyRead(caller, Buffer.alloc(0))
      return
    }
    const { maxBodyBytes, budget } = this.#parts
    this.#reader = new CallReader(request, maxBodyBytes, budget, {
      done: (body) => this.#bodyRead(caller, body),
      failed: (code) => this.#end.failed(code),
    })
    if (expectsContinue) response.writeContinue()
  }

  #bodyRead(caller: Recognised, body: Buffer): void {
    try {
      this.#decide(caller, body)
    } catch (error) {
      const fields = { err: error, request_id: caller.requestId }
      this.#parts.log.error(fields, 'a call could not be read')
      this.#end.failed('internal')
    }
  }

  #decide(caller: Recognised, body: Buffer): void {
    const { spend } = this.#parts
    const path = routingPath(this.#arrival.sound.target)
    const read = readCall(path, body, spend.policyOf(caller.identity))
    if (read.kind === 'refused') {
      this.#refuse(caller, read.code, read.message)
      return
    }
    if (read.kind === 'other') throw new TypeError(`no call is made at ${path}`)
    const charge = new CallCharge(read.call, spend.priceOf(read.call.model).price)
    whenKnown(caller.admit(charge.intent), (admission) =>
      this.#end.decided(admission, charge, read.call.body),
    )
  }

  #refuse(caller: Recognised, code: ErrorCode, message?: string): void {
    whenKnown(caller.refuse(code, message), (rejection) => {
      if (!this.#isStopped) this.#end.rejected(rejection)
    })
  }
}

const isEncoded = (encoding: string | undefined): boolean =>
  encoding !== undefined && encoding.trim() !== '' && encoding.trim().toLowerCase() !== 'identity'
