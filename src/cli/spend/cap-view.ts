/** Caps as they are shown: whose, which, and how much of each is used. */
import type { SpendScope } from '../../core/spend/caps.ts'
import type { CapView } from '../../engine/gate.ts'
import { table } from '../output.ts'
import { exactDollars } from '../price.ts'

export const scopeText = ({ kind, id }: SpendScope): string =>
  kind === 'account' ? 'the account' : `${kind} ${id}`

export function capTable(caps: readonly CapView[]): string {
  return table(['WHOSE', 'CAP', 'USED', 'OF', 'PERCENT'], caps.map(rowOf))
}

function rowOf({ scope, status: { cap, used } }: CapView): string[] {
  const amount = (value: number): string =>
    cap.unit === 'micro_usd' ? exactDollars(value) : `${value.toLocaleString('en-US')} tokens`
  const percent = cap.quota === 0 ? 100 : Math.floor((used / cap.quota) * 100)
  return [scopeText(scope), cap.name, amount(used), amount(cap.quota), `${percent} %`]
}

export const capJson = ({ scope, status: { cap, used } }: CapView): object => ({
  ...{ scope: scope.kind, id: scope.kind === 'account' ? null : scope.id },
  ...{ cap: cap.name, unit: cap.unit, window: cap.window },
  ...{ quota: cap.quota, used },
})
