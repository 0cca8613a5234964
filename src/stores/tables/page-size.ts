/** Pages have a size that a caller may choose within bounds. */
import { LockgateError } from '../../core/errors.ts'

/** Throws `invalid_parameter`. */
export function checkPageSize(pageSize: number, max: number): void {
  if (Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= max) return
  throw new LockgateError('invalid_parameter', `pageSize must be a whole number from 1 to ${max}`)
}

/** Where a page begins, and its size. Throws `invalid_parameter`. */
export function checkPage(page: {
  readonly after?: string
  readonly pageSize: number
}): readonly [after: string, pageSize: number] {
  checkPageSize(page.pageSize, 1000)
  return [page.after ?? '', page.pageSize]
}
