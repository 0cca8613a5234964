/**
 * Names of keys on the server. The part in braces is the hash tag: everything about one API key, or
 * about one address, lies in one slot of a Cluster and can be decided by one script.
 *
 *   lockgate:{7Hq2mZ9x}k7Hq2mZ9x:r    admissions of a key, packed (`:z` as a sorted set)
 *   lockgate:{7Hq2mZ9x}k7Hq2mZ9x:m    meters: bursts, buckets, fixed windows
 *   lockgate:{7Hq2mZ9x}k7Hq2mZ9x:p    places of requests in flight
 *   lockgate:{7Hq2mZ9x}:v             version of a key that changed within the last day
 *   lockgate:{203.0.113.7}i203.0.113.7:r
 *   lockgate:instances                who is alive
 */
import type { CountersForm } from './lua/script.ts'

const KEY = 'k'
const ROUTE = 'r'
const KEY_ID_LENGTH = 8

export class KeyNames {
  readonly #prefix: string
  readonly #admissions: string

  constructor(prefix: string, form: CountersForm) {
    this.#prefix = `${prefix}:{`
    this.#admissions = form === 'ring' ? ':r' : ':z'
  }

  /** What decides the slot: the key's id for keys and their routes, the address for addresses. */
  tagOf(subject: string): string {
    const kind = subject[0]
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
