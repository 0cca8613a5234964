/**
 * E-mail addresses, as strictly as Lockgate takes them: one plain address in visible ASCII. Line breaks,
 * lists, quotes and look-alikes of `@` are refused, so none of them reaches a mail's header; whether
 * somebody reads the mailbox, delivery decides.
 */
const MAX_LENGTH = 254

export function isEmailAddress(text: string): boolean {
  const [local = '', domain = '', ...more] = text.split('@')
  return (
    more.length === 0 &&
    local !== '' &&
    domain !== '' &&
    text.length <= MAX_LENGTH &&
    /^[\x21-\x7e]+$/.test(text) &&
    !/[<>,;:"()[\]\\]/.test(text)
  )
}

export interface Mailbox {
  /** Empty where there is an address only. */
  readonly name: string
  readonly address: string
}

/** `Acme keys <keys@acme.example>`, or an address alone; undefined for anything else. */
export function parseMailbox(text: string): Mailbox | undefined {
  const [, name = '', address = text] = /^([^<>"\p{Cc}]*)<([^<>]+)>$/u.exec(text) ?? []
  return isEmailAddress(address) ? { name: name.trim(), address } : undefined
}
