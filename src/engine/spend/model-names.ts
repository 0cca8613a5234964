/**
 * Names of models as the ledger keeps them. They come from clients, and the ledger has a row for each
 * name, key and minute, so names are bounded: in length, and in how many there are.
 *
 * What has a price is kept by its name. Of all others the first ones are, and the rest is one name. No
 * secret of a key gets in, for clients that send their key as the model.
 */
import { hideKeys } from '../../core/key/hide-keys.ts'
import type { PriceTable } from '../../core/spend/prices.ts'

const MAX_LENGTH = 128
/** Of names without a price of their own, in one process. */
const MAX_NAMES = 200
/** Stands for all that came later. */
const OTHER = 'other'
/** Databases take no NUL and no half of a character; neither do people. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu

export class ModelNames {
  readonly #priced: PriceTable['models']
  readonly #others = new Set<string>()

  constructor({ models }: PriceTable) {
    this.#priced = models
  }

  /** null: the call names no model. */
  nameOf(model: string | null): string | null {
    if (model === null || this.#priced.has(model)) return model
    const name = shownModel(model)
    if (this.#others.has(name)) return name
    if (this.#others.size >= MAX_NAMES) return OTHER
    this.#others.add(name)
    return name
  }
}

/** Of a name that may be anything; fit to be logged and kept. */
export function shownModel(model: string): string {
  // What is cut off after this cannot leave half of a secret.
  const name = hideKeys(model).slice(0, MAX_LENGTH)
  return name.replace(UNPRINTABLE, '\ufffd')
}
