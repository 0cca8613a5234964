/** Freezes plain data at every depth, the values of maps included. Returns its argument. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  const parts = value instanceof Map ? value.values() : Object.values(value)
  for (const part of parts) freezeDeep(part)
  return value instanceof Map ? value : Object.freeze(value)
}
