/** Prices of models, with one warning for each that has none, so that no model is free by accident. */
import type { Logger } from '../../core/ports/logger.ts'
import { priceOf } from '../../core/spend/price-of.ts'
import type { PriceTable } from '../../core/spend/prices.ts'
import type { SpendDesk } from '../gate.ts'
import { shownModel } from './model-names.ts'

/** Names come from clients: beyond so many nobody is warned any more. */
const MAX_WARNINGS = 1_000

export function createModelPrices(
  table: PriceTable,
  log: Pick<Logger, 'warn'>,
): SpendDesk['priceOf'] {
  const warned = new Set<string | null>()

  function warn(model: string | null): void {
    if (warned.size >= MAX_WARNINGS) return
    const name = model === null ? null : shownModel(model)
    if (warned.has(name)) return
    warned.add(name)
    log.warn(
      { model: name },
      'a model has no price: its calls cost what the dearest known model costs. Set spend.prices or spend.defaultPrice.',
    )
  }

  return (model) => {
    const priced = priceOf(table, model)
    if (priced.source === 'dearest') warn(model)
    return priced
  }
}
