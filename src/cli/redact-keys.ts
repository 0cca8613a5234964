/** Takes API keys out of text that goes to a terminal or a log: what is left names the key. */
const KEY = /([a-z][a-z0-9]{0,15}_(?:live|test)_[0-9A-Za-z]{8}_)[0-9A-Za-z]{16,}/g

/** Replaces the secret of anything like a key, of any prefix, whole or cut. */
export function redactKeys(text: string): string {
  return text.replace(KEY, '$1…')
}
