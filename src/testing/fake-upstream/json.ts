/** JSON of a request to a local fake, read without a throw. */

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** undefined: not JSON, or no object. */
export function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Content as APIs take it: a string, or a list of parts of which those with text count. */
export function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return undefined
  const parts = content.map((part: unknown) => (isObject(part) ? part['text'] : undefined))
  return parts.filter((text) => typeof text === 'string').join('')
}

export interface FakeMessage {
  readonly role: unknown
  readonly text: string
}

/** undefined: not a list of messages with text. */
export function readMessages(value: unknown): readonly FakeMessage[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const messages: FakeMessage[] = []
  for (const entry of value) {
    const text = isObject(entry) ? textOf(entry['content']) : undefined
    if (text === undefined) return undefined
    messages.push({ role: entry.role, text })
  }
  return messages
}

/** A maximum of output tokens: absent is Infinity, undefined is not a whole number of at least 1. */
export function readMaximum(value: unknown): number | undefined {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY
  return Number.isSafeInteger(value) && Number(value) >= 1 ? Number(value) : undefined
}
