import { readFileSync } from 'node:fs'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { DenialCode } from './decision.ts'
import { ERRORS, type ErrorCode, type ErrorSpec, LockgateError } from './errors.ts'

const PAGE = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
const ROW = /^\| `(\w+)` \| (\d{3})( †)? \| (.+) \| (.+) \|$/
const catalogue: [string, ErrorSpec][] = Object.entries(ERRORS)

/** The rows of the page's tables: code, status, mark for closing, when, what next. */
const rows = PAGE.split('\n').flatMap((line) => {
  const [, code, status, closes, when, next] = ROW.exec(line) ?? []
  return code === undefined ? [] : [{ code, status: Number(status), close: !!closes, when, next }]
})

describe('docs/errors.md', () => {
  test('has every row in the form that this test reads', () => {
    const lines = PAGE.split('\n').filter((line) => line.startsWith('| `'))
    expect(lines.filter((line) => !ROW.test(line))).toEqual([])
  })

  test('lists exactly the codes of the catalogue, with status and closing', () => {
    const listed = rows.map(({ code, status, close }) => ({ code, status, close }))
    const known = catalogue.map(([code, { status, close = false }]) => ({ code, status, close }))
    const byCode = (a: { code: string }, b: { code: string }) => a.code.localeCompare(b.code)
    expect(listed.sort(byCode)).toEqual(known.sort(byCode))
  })

  test.each(rows)('$code says when it comes and what to do next', ({ when, next }) => {
    expect(when).toMatch(/^[A-Z`†].*\.$/)
    expect(next).toMatch(/^[A-Z`].*[.?]$/)
  })
})

describe('the catalogue', () => {
  test.each(catalogue)(
    '%s is a snake_case code with an error status and a sentence',
    (code, spec) => {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
      expect(spec.status).toBeGreaterThanOrEqual(400)
      expect(spec.status).toBeLessThan(600)
      expect(spec.message).toMatch(/^[A-Z].*\.$/)
    },
  )

  test('is what the types say', () => {
    expectTypeOf<ErrorCode>().toEqualTypeOf<keyof typeof ERRORS>()
    expectTypeOf<DenialCode>().toExtend<ErrorCode>()
    expect(Object.isFrozen(ERRORS)).toBe(true)
  })

  test('gives an error its message where none is given', () => {
    expect(new LockgateError('not_found').message).toBe(ERRORS.not_found.message)
    expect(new LockgateError('conflict', 'It is revoked.').message).toBe('It is revoked.')
  })
})
