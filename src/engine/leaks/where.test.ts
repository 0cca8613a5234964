import { expect, test } from 'vitest'
import { createKeyFormat } from '../../core/key/format.ts'
import { cleanWhere } from './where.ts'

const format = createKeyFormat('acme')

test('a key in it is masked from its secret on, wherever it stands', () => {
  const { key, keyId } = format.generate('live')
  const cleaned = cleanWhere(`https://paste.example/?k=${key}&again=${key}`, format)
  const masked = `acme_live_${keyId}_…`
  expect(cleaned).toBe(`https://paste.example/?k=${masked}&again=${masked}`)
})

test('a key at the place where a long text is cut is masked as well', () => {
  const { key } = format.generate('test')
  const cleaned = cleanWhere('x'.repeat(460) + key, format) ?? ''
  expect(cleaned.length).toBeLessThanOrEqual(500)
  expect(cleaned).not.toContain(key.slice(19, 25))
})

test('control characters and line breaks become a space', () => {
  expect(cleanWhere(' a\r\nBcc: eve@example.com\u2028b\0\u001b[31m ', format)).toBe(
    'a Bcc: eve@example.com b [31m',
  )
})

test('nothing said is nothing', () => {
  for (const where of [undefined, '', ' \n ']) expect(cleanWhere(where, format)).toBe(null)
})
