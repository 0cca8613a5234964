/**
 * The meter of a stream of events: reads the usage that the API reports, estimates the output until
 * then, and takes out what was only asked for on the client's behalf, so that the client sees the bytes
 * of a direct call.
 *
 * The estimate, for a stream that ends without a report: all of the input that was held; of the output
 * one token for every four bytes of text, at least one for each event with text, and at most what was
 * held. Of a model that reasons out of sight nobody can tell, so that it is all of the output that was
 * held. What passes what was held is told by what is certainly there, or a model of long words would be
 * cut within its maximum: one token for each event with text, or for every 16 bytes.
 */
import type { TokenUsage } from '../core/spend/amount.ts'
import type { AnswerMeter, CallBounds, Metered } from './contract.ts'
import { EventSplitter } from './event-splitter.ts'
import { dataOf, producedText } from './event-text.ts'
import { NO_BYTES } from './growing-bytes.ts'
import { isObject, type JsonObject, objectOf, parseJson } from './json-value.ts'
import { isReasoning } from './output-bound.ts'
import { estimated, laterUsage, readUsage } from './usage.ts'

const BYTES_PER_TOKEN = 4
/** Hardly any text has longer ones throughout. */
const MOST_BYTES_PER_TOKEN = 16
/** A quote within a string is escaped, so this can be nothing but a member. */
const NO_USAGE_YET = /, ?"usage": ?null/

export class StreamMeter implements AnswerMeter {
  readonly #call: CallBounds
  readonly #splitter: EventSplitter
  #textEvents = 0
  #textBytes = 0
  #usage: TokenUsage | undefined
  /** The usage at hand is about everything that has passed. */
  #isReported = false
  #nextSequence = 0

  constructor(call: CallBounds) {
    this.#call = call
    this.#splitter = new EventSplitter((event) => this.#pass(event))
  }

  get producedTokens(): number {
    return Math.max(this.#textEvents, Math.ceil(this.#textBytes / MOST_BYTES_PER_TOKEN))
  }

  get nextSequence(): number {
    return this.#nextSequence
  }

  write(chunk: Uint8Array): Uint8Array {
    return this.#splitter.write(chunk)
  }

  end(): Uint8Array {
    return this.#splitter.end()
  }

  metered(): Metered {
    if (this.#usage === undefined) {
      return {
        usage: estimated(this.#call.inputTokens, this.#unreportedTokens()),
        isReported: false,
      }
    }
    if (this.#isReported) return { usage: this.#usage, isReported: true }
    const outputTokens = Math.max(this.#usage.outputTokens, this.#unreportedTokens())
    return { usage: { ...this.#usage, outputTokens }, isReported: false }
  }

  #unreportedTokens(): number {
    const { protocol, model, outputTokens } = this.#call
    const most = Math.max(outputTokens, this.producedTokens)
    if (protocol !== 'anthropic-messages' && isReasoning(model)) return most
    const likely = Math.max(this.#textEvents, Math.ceil(this.#textBytes / BYTES_PER_TOKEN))
    return Math.min(likely, most)
  }

  /** What goes on for an event. */
  #pass(event: Uint8Array): Uint8Array {
    const text = DECODER.decode(event)
    const data = parseJson(dataOf(text))
    if (!isObject(data)) return event
    const produced = producedText(this.#call.protocol, data)
    if (produced !== '') {
      this.#textEvents += 1
      this.#textBytes += utf8Length(produced)
      this.#isReported = false
    }
    this.#readUsage(data)
    return this.#call.hidesUsage ? withoutUsage(event, text, data) : event
  }

  #readUsage(data: JsonObject): void {
    switch (this.#call.protocol) {
      case 'anthropic-messages':
        this.#readAnthropic(data)
        break
      case 'openai-responses':
        this.#readResponses(data)
        break
      default:
        this.#report(readUsage(this.#call.protocol, data['usage']))
    }
  }

  /** The beginning tells the input, and each delta of the message all of the output so far. */
  #readAnthropic(data: JsonObject): void {
    const { protocol } = this.#call
    if (data['type'] === 'message_start') {
      this.#usage = readUsage(protocol, objectOf(data['message'])?.['usage']) ?? this.#usage
    } else if (data['type'] === 'message_delta') {
      const start = this.#usage ?? estimated(this.#call.inputTokens, 0)
      this.#report(laterUsage(start, data['usage']))
    }
  }

  #readResponses(data: JsonObject): void {
    const sequence = data['sequence_number']
    if (Number.isSafeInteger(sequence)) this.#nextSequence = Number(sequence) + 1
    this.#report(readUsage(this.#call.protocol, objectOf(data['response'])?.['usage']))
  }

  #report(usage: TokenUsage | undefined): void {
    if (usage === undefined) return
    this.#usage = usage
    this.#isReported = true
  }
}

/** The event as it would be had nobody asked for usage. */
function withoutUsage(event: Uint8Array, text: string, data: JsonObject): Uint8Array {
  if (data['usage'] === null && !text.includes('\ufffd')) {
    const shorter = text.replace(NO_USAGE_YET, '')
    return shorter.length === text.length ? event : ENCODER.encode(shorter)
  }
  const { choices } = data
  const isOnlyUsage = isObject(data['usage']) && Array.isArray(choices) && choices.length === 0
  return isOnlyUsage ? NO_BYTES : event
}

const ENCODER = new TextEncoder()
/** Keeps a byte order mark, for what is encoded again. */
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true })

function utf8Length(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : c >= 0xd800 && c < 0xe000 ? 2 : 3
  }
  return bytes
}
