/** Keys in texts of others, which go into answers, mails and the audit log. Pure. */

/** Of any prefix. What is left names the key. */
const KEY = /([a-z][a-z0-9]{0,15}_(?:live|test)_[0-9A-Za-z]{8}_)[0-9A-Za-z]+/g

/** The text with no secret of a key in it. Hide first, then shorten: half a key is a secret, too. */
export const hideKeys = (text: string): string => text.replace(KEY, '$1…')
