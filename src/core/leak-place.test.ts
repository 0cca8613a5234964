import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKeyFormat } from './key/format.ts'
import { isPlace, MAX_PLACE_LENGTH, placeOf } from './leak-place.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

describe('where a key was found', () => {
  test.each(['https://github.com/a/b/blob/main/.env#L3', 'src/app.ts:12', 'in a chat, 東京 🙂'])(
    '%s is kept as it is',
    (text) => {
      expect(isPlace(text)).toBe(true)
      expect(placeOf(text)).toBe(text)
    },
  )

  test.each(['a\nb', 'a\0b', 'a\u202eb', 'a\u2028b', '\ud800', 'a'.repeat(501)])(
    '%j is not taken as it is, and can be kept on one line',
    (text) => {
      expect(isPlace(text)).toBe(false)
      expect(isPlace(placeOf(text) ?? '')).toBe(true)
    },
  )

  test.each(['', ' ', '\t '])('%j says nothing', (text) => {
    expect(placeOf(text.trim())).toBeUndefined()
  })

  test('a key in it is left out, and can still be told', () => {
    const { key, keyId, secret } = createKeyFormat('acme').generate('live')
    const kept = placeOf(`https://x.example/?key%3D${key}&again=${key}`) ?? ''
    expect(kept).toContain(`acme_live_${keyId}_…`)
    expect(kept).not.toContain(secret.slice(0, 8))
  })

  test('whatever it is: one line, well formed, no longer than allowed', () => {
    const pieces = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
    const texts = fc.tuple(pieces, fc.integer({ min: 1, max: 100 }))
    fc.assert(
      fc.property(texts, ([piece, times]) => {
        const kept = placeOf(piece.repeat(times)) ?? ''
        return kept.length <= MAX_PLACE_LENGTH && isPlace(kept)
      }),
      { numRuns: RUNS },
    )
  })
})
