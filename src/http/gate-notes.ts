/**
 * What adapters remember once per gate, however many guards are built on it: which warnings were
 * given, and how many guards have limits of a name. Belongs to the gate and goes away with it.
 */
import type { Gate } from '../engine/gate.ts'

export interface GateNotes {
  readonly warnings: Set<string>
  /** How many routes with these limit names were registered. */
  readonly routes: Map<string, number>
}

const notesByGate = new WeakMap<Gate, GateNotes>()

export function notesOf(gate: Gate): GateNotes {
  const known = notesByGate.get(gate)
  if (known !== undefined) return known
  const notes: GateNotes = { warnings: new Set(), routes: new Map() }
  notesByGate.set(gate, notes)
  return notes
}
