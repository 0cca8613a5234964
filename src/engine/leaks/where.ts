/** Where a leak was found, made fit for the audit log and a mail: whoever reports it wrote it. */
import type { KeyFormat } from '../../core/key/format.ts'

const MAX_LENGTH = 500
/** From the end of the key_id on, a key is secret. */
const PUBLIC_PART = /^[^_]*_[^_]*_[^_]*_/

/** A URL or a line of code may hold the key itself, which is then masked. null: nobody said. */
export function cleanWhere(where: string | undefined, format: KeyFormat): string | null {
  if (where === undefined) return null
  const masked = where.replace(
    new RegExp(format.pattern, 'g'),
    (key) => `${PUBLIC_PART.exec(key)?.[0] ?? ''}…`,
  )
  const text = masked.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return text === '' ? null : text.slice(0, MAX_LENGTH)
}
