/**
 * Names of keys on the server. The part in braces is the hash tag: everything about one API key, or
 * about one address, lies in one slot of a Cluster and can be decided by one script. Names of tiers are
 * encoded and owners hashed, so that no tag holds a brace, and Redis no address of an owner.
 *
 *   lockgate:{7Hq2mZ9x}k7Hq2mZ9x:r    admissions of a key, packed (`:z` as a sorted set)
 *   lockgate:{7Hq2mZ9x}k7Hq2mZ9x:m    meters: bursts, buckets, fixed windows
 *   lockgate:{7Hq2mZ9x}k7Hq2mZ9x:p    places of requests in flight
 *   lockgate:{7Hq2mZ9x}:v             version of a key that changed within the last day
 *   lockgate:{203.0.113.7}i203.0.113.7:r
 *   lockgate:{7Hq2mZ9x}:sk            spend of a key
 *   lockgate:{7Hq2mZ9x}:sk:e          what of it was settled in the last seconds
 *   lockgate:{o<SHA-256>}:so          … of an owner, {t<name>}:st of a tier, {a}:sa of the account
 *   lockgate:instances                who is alive
 */
import { sha256Hex } from '../../core/crypto.ts'
import type { CountersForm } from './lua/script.ts'

const KEY = 'k'
const ROUTE = 'r'
const SPEND = 's'
const SPEND_OF_KEY = 'sk'
const SPEND_OF_OWNER = 'so'
const KEY_ID_LENGTH = 8

export class KeyNames {
  readonly #prefix: string
  readonly #admissions: string

  constructor(prefix: string, form: CountersForm) {
    this.#prefix = `${prefix}:{`
    this.#admissions = form === 'ring' ? ':r' : ':z'
  }

  /**
   * What decides the slot: the key's id for keys, their routes and their spend, the address for
   * addresses; owners, tiers and the account have one each.
   */
  tagOf(subject: string): string {
    const kind = subject[0]
    if (kind === SPEND) return spendTagOf(subject)
    const isOfKey = kind === KEY || kind === ROUTE
    return isOfKey ? subject.slice(1, 1 + KEY_ID_LENGTH) : subject.slice(1)
  }

  admissions(subject: string): string {
    return `${this.#base(subject)}${this.#admissions}`
  }

  meters(subject: string): string {
    return `${this.#base(subject)}:m`
  }

  places(subject: string): string {
    return `${this.#base(subject)}:p`
  }

  spend(subject: string): string {
    return `${this.#prefix}${spendTagOf(subject)}}:${subject.slice(0, 2)}`
  }

  /** What was settled in the last seconds. */
  settledSpend(subject: string): string {
    return `${this.spend(subject)}:e`
  }

  version(keyId: string): string {
    return `${this.#prefix}${keyId}}:v`
  }

  get instances(): string {
    return `${this.#prefix.slice(0, -1)}instances`
  }

  /** Written to see whether the server takes writes; gone a second later. */
  get probe(): string {
    return `${this.#prefix.slice(0, -1)}probe`
  }

  #base(subject: string): string {
    return `${this.#prefix}${this.tagOf(subject)}}${subject}`
  }
}

function spendTagOf(subject: string): string {
  if (subject.startsWith(SPEND_OF_KEY)) return subject.slice(2)
  if (subject.startsWith(SPEND_OF_OWNER)) return `o${sha256Hex(subject.slice(2))}`
  return subject.slice(1).replaceAll(/[%{}]/g, (brace) => {
    return `%${brace.charCodeAt(0).toString(16).toUpperCase()}`
  })
}
