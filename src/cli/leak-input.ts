/** What `lockgate leak` is told: a key_id, or the key itself, best through stdin. */
import { UsageError } from './failure.ts'
import { warn } from './output.ts'

export type Leaked =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'id'; readonly keyId: string }

const KEY_ID = /^[0-9A-Za-z]{8}$/
/** Loosely: whether it is a key of ours is for the gate to say. */
const KEY = /^[a-z][a-z0-9]{0,15}_(?:live|test)_[0-9A-Za-z]{8}_[0-9A-Za-z]+$/
/** No key is as long; a file that was meant for `lockgate scan` is. */
const MAX_BYTES = 1_024

/** Reads stdin where nothing, or `-`, stands on the command line. Throws a UsageError. */
export async function readLeaked(given: string | undefined): Promise<Leaked> {
  const isArgument = given !== undefined && given !== '-'
  const text = isArgument ? given : await readStdin()
  if (KEY_ID.test(text)) return { kind: 'id', keyId: text }
  if (!KEY.test(text)) {
    throw new UsageError(
      'KEY must be a whole key, or its 8 characters of ID; "lockgate scan FILE" finds keys in a text',
    )
  }
  if (isArgument) {
    warn(
      'lockgate: warning: your shell may remember this key; next time run "lockgate leak" alone and paste it',
    )
  }
  return { kind: 'key', key: text }
}

/** Up to the first line break, so that a person need not end the input. */
async function readStdin(): Promise<string> {
  if (process.stdin.isTTY) warn('Paste the key, or its ID, and press Enter:')
  let text = ''
  for await (const chunk of process.stdin) {
    text += String(chunk)
    if (text.trimStart().includes('\n') || text.length > MAX_BYTES) break
  }
  return text.trim()
}
