/**
 * The redactor: takes out of any text what must never be read in a log or on a terminal. Pure, and
 * linear in the length of the text, whatever the text is.
 *
 * It goes by what a secret looks like, not by where it stands: API keys of any prefix, argon2 and
 * bcrypt hashes, what stands before the `@` of a URL, credentials of an Authorization or X-API-Key
 * header, the token of a link to `/replace/`, and the secret of a webhook. It is the second line of defence; no caller passes
 * one of these in the first place. In doubt it takes too much.
 */
export const REDACTED = '[redacted]'

/** What is left names the key. */
const KEY = /([a-z][a-z0-9]{0,15}_(?:live|test)_[0-9A-Za-z]{8}_)[0-9A-Za-z]{16,}/g
const ARGON2 = /(\$argon2(?:id|i|d)?\$)[\w+/=,.$-]+/g
const BCRYPT = /(\$2[abxy]?\$)\d\d\$[./\w]+/g
/** Shorter words are prose: `Bearer KEY`, `Bearer realm=…`. */
const SCHEME = /(bearer|basic)((?:\s|%20)+)[\w.~+/=%-]{8,}/gi
/** A header with its value, as text or as JSON in a text; the rest of the line may belong to it. */
const HEADER =
  /((?:authorization|x-api-key)["'\\]{0,4}\s*[:=]\s*)["'\\]{0,4}(?:[a-z\d-]+ )?[^\s"'\\]{8}[^\r\n]*/gi
const WEBHOOK_SECRET = /(whsec_)[\w+/=-]{8,}/g
const REPLACE_TOKEN = /((?:\/|%2f)replace(?:\/|%2f))[\w~=-]{16,}/gi

/** Whether there is anything to look for at all: most texts hold none of these. */
export const HINT =
  /_live_|_test_|\$argon2|\$2[abxy]?\$|:\/\/|bearer|basic|authorization|x-api-key|replace|whsec_/i

/** The text without secrets; a text that holds none comes back as it is. */
export function redact(text: string): string {
  if (!HINT.test(text)) return text
  return withoutUserinfo(text)
    .replace(HEADER, `$1${REDACTED}`)
    .replace(SCHEME, `$1$2${REDACTED}`)
    .replace(KEY, '$1…')
    .replace(ARGON2, `$1${REDACTED}`)
    .replace(BCRYPT, `$1${REDACTED}`)
    .replace(WEBHOOK_SECRET, `$1${REDACTED}`)
    .replace(REPLACE_TOKEN, `$1${REDACTED}`)
}

const SPACE = /\s/

/**
 * Replaces user and password of every URL. Each URL reaches up to a space or the next `://`, and
 * its userinfo up to the last `@` in it, since passwords do hold slashes and `@`.
 */
function withoutUserinfo(text: string): string {
  const [head = '', ...rests] = text.split('://')
  return rests.reduce((done, rest) => `${done}://${withoutPassword(rest)}`, head)
}

/** `rest` is what follows `://`. */
function withoutPassword(rest: string): string {
  const space = rest.search(SPACE)
  const at = rest.lastIndexOf('@', space === -1 ? rest.length : space)
  return at > 0 && hasUserinfo(rest, at) ? `***${rest.slice(at)}` : rest
}

/** Whether the `@` at `at` ends a userinfo, rather than being part of a path, as in `/@scope`. */
function hasUserinfo(rest: string, at: number): boolean {
  const end = rest.search(/[:/?#"'<>@]/)
  if (rest[end] === '@') return true
  if (rest[end] !== ':') return false
  // After a host comes a port, after a user a password.
  const digits = rest.slice(end + 1, at + 1).search(/\D/)
  return digits === 0 || !'/?#"\'<>,;)'.includes(rest[end + 1 + digits] ?? '')
}
