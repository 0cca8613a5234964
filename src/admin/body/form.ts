/** The body of an HTML form: a record of its fields, each there once. */
import { LockgateError } from '../../core/errors.ts'
import { shownName } from './strict-json.ts'

/** The record has no prototype. Throws LockgateError `invalid_field` for a field that is there twice. */
export function readForm(bytes: Uint8Array): Readonly<Record<string, string>> {
  const fields: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes))) {
    if (Object.hasOwn(fields, name)) {
      throw new LockgateError('invalid_field', `The form has the field ${shownName(name)} twice.`)
    }
    fields[name] = value
  }
  return fields
}
