/** Goes on with a value now where it is known now, so that what is synchronous pays for no promise. */
export function whenKnown<T>(value: T | Promise<T>, next: (known: T) => void): void {
  if (value instanceof Promise) void value.then(next)
  else next(value)
}
