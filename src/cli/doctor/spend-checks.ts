/** Checks of `lockgate doctor` about money. Pure. */
import type { Settings, SpendSettings } from '../../core/settings.ts'
import { priceOf } from '../../core/spend/price-of.ts'
import { SHIPPED_PRICES_DATE } from '../../core/spend/shipped-prices.ts'
import { caution, type Finding, ok } from './finding.ts'

const YEAR_MS = 365 * 86_400_000

export function spendFindings(settings: Settings, nowMs: number): Finding[] {
  const { spend } = settings
  if (spend === null) {
    return [
      caution(
        'spend',
        'nothing caps what calls cost; set spend.account, such as { perDay: "$20" }',
      ),
    ]
  }
  return [
    accountFinding(spend),
    alertsFinding(settings, spend),
    pricesFinding(spend, nowMs),
    modelsFinding(settings, spend),
  ]
}

/** Caps of keys bound what one key costs, not what any number of sign-ups does. */
function accountFinding({ account }: SpendSettings): Finding {
  if (account.perDayMicroUsd !== undefined || account.perMonthMicroUsd !== undefined) {
    return ok('spend', 'the account is capped')
  }
  return caution(
    'spend',
    'the account has no cap: any number of keys can spend any amount; set spend.account',
  )
}

function alertsFinding({ mail }: Settings, { alerts }: SpendSettings): Finding {
  const mailTo = alerts.mailTo ?? mail.operatorCopy
  if (alerts.atPercent.length > 0 && (mailTo !== null || alerts.webhook !== null)) {
    return ok('spend_alerts', `at ${alerts.atPercent.join(', ')} %`)
  }
  return caution(
    'spend_alerts',
    'nobody is told when the cap of the account comes near; set spend.alerts.mailTo or a webhook',
  )
}

function pricesFinding({ prices }: SpendSettings, nowMs: number): Finding {
  const isOld = nowMs - Date.parse(`${SHIPPED_PRICES_DATE}-01`) > YEAR_MS + 31 * 86_400_000
  const detail = `the shipped prices are of ${SHIPPED_PRICES_DATE}`
  const isConfigured = [...prices.models.keys()].some(
    (model) => priceOf(prices, model).source === 'configured',
  )
  if (!isOld) return ok('prices', detail)
  const next = isConfigured ? 'check those that spend.prices leaves out' : 'set spend.prices'
  return caution('prices', `${detail}, more than a year old; ${next}, or upgrade`)
}

/** A model that may be asked for and has no price costs as much as the dearest one. */
function modelsFinding({ tiers }: Settings, { prices }: SpendSettings): Finding {
  const named = [...tiers.values()].flatMap(({ models = [] }) => models)
  const unknown = named.filter((model) =>
    model.endsWith('*')
      ? ![...prices.models.keys()].some((name) => name.startsWith(model.slice(0, -1)))
      : priceOf(prices, model).source === 'dearest',
  )
  if (unknown.length === 0 || prices.fallback !== null) return ok('models', 'all have a price')
  return caution(
    'models',
    `${[...new Set(unknown)].join(', ')} has no price and costs as much as the dearest model; set spend.prices`,
  )
}
