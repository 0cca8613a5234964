/** What the nights of `replay` are called, for whoever wants to see some of them only. */

export const SCENARIO_NAMES = [
  'open',
  'no-key',
  'one-key',
  'one-key-capped',
  'many-keys',
  'many-keys-capped',
  'paid-key',
  'paid-key-capped',
] as const

export type ScenarioName = (typeof SCENARIO_NAMES)[number]
