import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKeyFormat } from '../../core/key/format.ts'
import { createKeyFinders } from './key-finder.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const acme = createKeyFormat('acme')
const newFinder = createKeyFinders(['acme', 'sk', 'acme'])
const search = (...pieces: (string | Buffer)[]) => {
  const finder = newFinder()
  return pieces.flatMap((piece) => finder.search(Buffer.from(piece)))
}

describe('a key is found', () => {
  test.each([
    ['alone', (key: string) => key],
    ['in quotes', (key: string) => `const key = "${key}"`],
    ['escaped', (key: string) => `"\\n${key}\\n"`],
    ['in a URL', (key: string) => `https://x.example/?key%3D${key}%26`],
    ['beside letters', (key: string) => `abc${key}def`],
    ['in bytes that are no text', (key: string) => Buffer.from(`\xff\xfe\0${key}\0\xff`, 'latin1')],
    ['in UTF-16', (key: string) => Buffer.from(`\ufeffKEY=${key}\r\n`, 'utf16le')],
    [
      'in UTF-16 at an odd place',
      (key: string) => Buffer.concat([Buffer.of(1), Buffer.from(key, 'utf16le')]),
    ],
  ])('%s', (_where, write) => {
    const { key, keyId, secret } = acme.generate('live')
    expect(search(write(key))).toEqual([{ key, keyId, secret, line: 1 }])
  })

  test('of each prefix that is looked for and of both modes, and of no other', () => {
    const keys = [acme.generate('test').key, createKeyFormat('sk').generate('live').key]
    const other = createKeyFormat('xsk').generate('live').key
    expect(search([...keys, other].join('\n')).map(({ key }) => key)).toEqual(keys)
  })

  test('as often as it stands there, each with its line', () => {
    const { key } = acme.generate('live')
    const text = `\n${key} ${key}\n\n\n${key}`
    expect(search(text).map(({ line }) => line)).toEqual([2, 2, 5])
  })
})

test('what only looks like a key is none: another checksum, a secret cut short, a placeholder', () => {
  const { key } = acme.generate('live')
  const wrong = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a')
  const texts = [wrong, key.slice(0, -1), key.slice(1), `acme_live_XXXXXXXX_${'X'.repeat(49)}`]
  expect(search(texts.join('\n'))).toEqual([])
})

test('a match is text again only where its bytes are: no letters of other scripts pass', () => {
  const { key } = acme.generate('live')
  const wide = Buffer.from(key, 'utf16le')
  wide[1] = 1
  expect(search(wide)).toEqual([])
})

test('however a text is cut into pieces, the same keys are found in the same lines', () => {
  const keys = [acme.generate('live').key, acme.generate('test').key]
  const wide = (key: string) => Buffer.from(key, 'utf16le').toString('latin1')
  const part = fc.oneof(
    fc.constantFrom(...keys, ...keys.map(wide), '_live_', 'acme_live_', '\n'),
    fc.string({ unit: 'binary-ascii', maxLength: 200 }),
  )
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 120 })),
      (parts, cuts) => {
        const text = Buffer.from(parts.join(''), 'latin1')
        const pieces: Buffer[] = []
        let at = 0
        for (const size of cuts) {
          pieces.push(text.subarray(at, at + size))
          at += size
        }
        pieces.push(text.subarray(at))
        expect(search(...pieces)).toEqual(search(text))
      },
    ),
    { numRuns: RUNS },
  )
})

test.each(['_live_', '_test_acme_live_', 'acme_live_aaaaaaaa_', '\n'])(
  '4 MB of %j are no feast: nothing is kept of them',
  (word) => {
    const piece = Buffer.from(word.repeat(Math.floor(1_048_576 / word.length)))
    const finder = newFinder()
    for (let round = 0; round < 4; round++) expect(finder.search(piece)).toEqual([])
  },
)
