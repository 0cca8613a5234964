/**
 * Follows the output of a stream and keeps it within what is held: asks for more before that is used up,
 * holds the stream up while nobody has answered, and ends it where no more is granted.
 */
import type { Reservation } from '../core/decision.ts'
import type { Amount } from '../core/spend/amount.ts'

/** The part of what is held at which more is asked for. */
const ASK_AT = 0.8
const MIN_STEP_TOKENS = 256

export interface GrantParts {
  readonly reservation: Pick<Reservation, 'extend'>
  readonly heldTokens: number
  /** What so many tokens cost at most. */
  readonly amountOf: (tokens: number) => Amount
  readonly pause: () => void
  readonly resume: () => void
  /** Nothing more may come. */
  readonly cut: () => void
}

export class OutputGrant {
  readonly #parts: GrantParts
  readonly #stepTokens: number
  #grantedTokens: number
  #producedTokens = 0
  #isAsking = false
  #isRefused = false
  #isPaused = false
  #isOver = false

  constructor(parts: GrantParts) {
    this.#parts = parts
    this.#grantedTokens = parts.heldTokens
    this.#stepTokens = Math.max(MIN_STEP_TOKENS, Math.ceil(parts.heldTokens / 4))
  }

  /** So much has been produced by now. */
  follow(producedTokens: number): void {
    this.#producedTokens = producedTokens
    if (producedTokens <= this.#grantedTokens * ASK_AT || this.#isOver) return
    if (!this.#isAsking && !this.#isRefused) this.#ask()
    if (producedTokens <= this.#grantedTokens) return
    if (!this.#isAsking) {
      this.#isOver = true
      this.#parts.cut()
    } else if (!this.#isPaused) {
      this.#isPaused = true
      this.#parts.pause()
    }
  }

  /** The stream is over. */
  end(): void {
    this.#isOver = true
  }

  #ask(): void {
    this.#isAsking = true
    const amount = this.#parts.amountOf(this.#stepTokens)
    const answered = (isGranted: boolean): void => this.#answered(isGranted)
    this.#parts.reservation.extend(amount).then(answered, () => answered(false))
  }

  #answered(isGranted: boolean): void {
    this.#isAsking = false
    if (isGranted) this.#grantedTokens += this.#stepTokens
    else this.#isRefused = true
    if (this.#isOver) return
    if (this.#isPaused) {
      this.#isPaused = false
      this.#parts.resume()
    }
    this.follow(this.#producedTokens)
  }
}
