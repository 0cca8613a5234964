/**
 * Arrays as PostgreSQL reads them from text, so that a statement has the same text and number of
 * parameters however many rows it is about. Text in them is escaped for `text.ts` by the session, as any.
 */

export const textArray = (values: readonly (string | null)[]): string =>
  `{${values.map((value) => (value === null ? 'null' : quoted(value))).join(',')}}`

export const numberArray = (values: readonly number[]): string => `{${values.join(',')}}`

const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`
