/**
 * A metered answer on its way to the client: looked at as it passes, held up while nobody knows whether
 * more may come, and ended by the error event of its protocol where it may not.
 */
import type { Dispatcher } from 'undici'
import type { Reservation } from '../core/decision.ts'
import { CallCharge } from './call-charge.ts'
import type { Charge } from './charge.ts'
import type { ClientSide } from './client-side.ts'
import { FlowGate } from './flow-gate.ts'
import { OutputGrant } from './output-grant.ts'

const CUT_MESSAGE = 'A spend cap is reached, and the answer was cut off here.'

export interface AnswerPassParts {
  readonly client: ClientSide
  readonly charge: Charge
  readonly controller: Pick<Dispatcher.DispatchController, 'pause' | 'resume'>
  readonly reservation: Reservation | undefined
  readonly requestId: string
  /** The client does not read on. */
  readonly onStall: () => void
  /** The client has its last event; nothing more is wanted from the upstream. */
  readonly onCut: () => void
}

export class AnswerPass {
  readonly #parts: AnswerPassParts
  readonly #flow: FlowGate
  readonly #stream: CallCharge | undefined
  readonly #grant: OutputGrant | undefined

  constructor(parts: AnswerPassParts) {
    const { charge, controller, reservation } = parts
    this.#parts = parts
    this.#flow = new FlowGate(controller)
    this.#stream = charge instanceof CallCharge && charge.isStream ? charge : undefined
    this.#grant =
      this.#stream === undefined || reservation === undefined
        ? undefined
        : this.#follow(this.#stream, reservation)
  }

  write(chunk: Buffer): void {
    this.#send(this.#parts.charge.write(chunk))
    if (this.#stream !== undefined) this.#grant?.follow(this.#stream.producedTokens)
  }

  /** The upstream has ended. */
  end(): void {
    this.#endWith(this.#parts.charge.end())
  }

  /** Nothing passes any more. */
  stop(): void {
    this.#grant?.end()
  }

  #follow(stream: CallCharge, reservation: Reservation): OutputGrant {
    return new OutputGrant({
      ...{ reservation, heldTokens: stream.heldTokens },
      amountOf: (tokens) => stream.amountOf(tokens),
      pause: () => this.#flow.pause(),
      resume: () => this.#flow.resume(),
      cut: () => {
        this.#endWith(stream.lastEvent(this.#parts.requestId, CUT_MESSAGE))
        this.#parts.onCut()
      },
    })
  }

  #endWith(last: Uint8Array): void {
    this.#flow.end()
    this.#send(last)
    this.#parts.client.end()
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#parts.client.write(chunk, this.#flow, this.#parts.onStall)
  }
}
