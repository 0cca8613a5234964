/** The part of a gate that knows of money, or a failure that says how to get it. */
import type { Gate, SpendDesk } from '../../engine/gate.ts'
import { CommandError } from '../failure.ts'

export function deskOf({ spend }: Pick<Gate, 'spend'>): SpendDesk {
  if (spend !== null) return spend
  throw new CommandError(
    "nothing is metered: add spend to the configuration, such as spend: { account: { perDay: '$20' } }",
  )
}
