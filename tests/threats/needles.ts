/** What is looked for in all that was written: a secret in any part of it, however it is encoded. */

/** Of a key: its secret. Of a link: its token. */
export function needlesOf(secret: string): string[] {
  const last = secret.slice(-49)
  const parts = [last.slice(0, 12), last.slice(12, 24), last.slice(-12)]
  // Base64 of a text depends on where it begins, so the middle of each of the three forms is taken.
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + last)
      .toString('base64')
      .slice(4, 44),
  )
  return [...parts, ...encoded, Buffer.from(last).toString('hex')]
}

export const found = (text: string, needles: readonly string[]): string[] =>
  needles.filter((needle) => text.includes(needle))
