/** Meters of answers that are one body: they look on and change nothing. */
import { NO_USAGE } from '../core/spend/amount.ts'
import type { AiProtocol, AnswerMeter, CallBounds, Metered } from './contract.ts'
import { NO_BYTES } from './growing-bytes.ts'
import { MemberFinder } from './member-finder.ts'
import { estimated, readUsage } from './usage.ts'

/** Reads the `usage` of a JSON answer. Without it the call is charged as the most that it could be. */
export class BodyMeter implements AnswerMeter {
  readonly producedTokens = 0
  readonly nextSequence = 0
  readonly #finder = new MemberFinder('usage')
  readonly #protocol: AiProtocol
  readonly #otherwise: Metered

  constructor(call: CallBounds, status: number) {
    this.#protocol = call.protocol
    this.#otherwise = { usage: unreported(call, status), isReported: false }
  }

  write(chunk: Uint8Array): Uint8Array {
    this.#finder.write(chunk)
    return chunk
  }

  end(): Uint8Array {
    return NO_BYTES
  }

  metered(): Metered {
    const usage = readUsage(this.#protocol, this.#finder.value)
    return usage === undefined ? this.#otherwise : { usage, isReported: true }
  }
}

/** Of what cannot be read, such as a compressed answer. */
export class BlindMeter implements AnswerMeter {
  readonly producedTokens = 0
  readonly nextSequence = 0
  readonly #metered: Metered

  constructor(call: CallBounds, status: number) {
    this.#metered = { usage: unreported(call, status), isReported: false }
  }

  write(chunk: Uint8Array): Uint8Array {
    return chunk
  }

  end(): Uint8Array {
    return NO_BYTES
  }

  metered(): Metered {
    return this.#metered
  }
}

/** APIs do not bill their errors. */
const unreported = (call: CallBounds, status: number) =>
  status >= 400 ? NO_USAGE : estimated(call.inputTokens, call.outputTokens)
