import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keptText, textFromKept } from './text.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

/** Text in which what is escaped is likely. */
const texts = fc.oneof(fc.string({ unit: fc.constantFrom('\0', '␀', '0', 'a') }), fc.string())

test('any text comes back as it was, and is kept without U+0000', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(keptText(text)).not.toContain('\0')
      expect(textFromKept(keptText(text))).toBe(text)
    }),
    { numRuns: RUNS },
  )
})

test('whatever someone else wrote, no two kept texts read as the same one', () => {
  fc.assert(
    fc.property(texts, (written) => {
      const kept = written.replaceAll('\0', '')
      const text = textFromKept(kept)
      if (!text.includes('\ufffd')) expect(keptText(text)).toBe(kept)
    }),
    { numRuns: RUNS },
  )
})

test('the documented form', () => {
  expect(keptText('a\0b␀c')).toBe('a␀0b␀␀c')
  expect(textFromKept('a␀b␀')).toBe('a\ufffdb\ufffd')
})
