/** What the ledger says was spent in a night, once everything is settled. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Gate } from '../../engine/gate.ts'

const PAUSE_MS = 20
const MOST_PAUSES = 500

/** null where nothing is metered. Settlements are written in groups, a moment after their calls. */
export async function ledgerMicroUsd(gate: Gate | undefined): Promise<number | null> {
  const desk = gate?.spend
  if (desk === undefined || desk === null) return null
  for (let pauses = 0; pauses < MOST_PAUSES; pauses += 1) {
    const { total, reservedMicroUsd } = await desk.report()
    if (reservedMicroUsd === 0) return total.microUsd
    await delay(PAUSE_MS)
  }
  throw new Error('calls are held in the ledger long after they ended')
}
