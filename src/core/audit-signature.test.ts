import { expect, test } from 'vitest'
import { signedBytes } from './audit-signature.ts'

const PLACE = { chain: 'main', seq: 7, hash: 'ab'.repeat(32), atMs: 1_750_000_000_000 }

test('what is signed has the documented form', () => {
  expect(Buffer.from(signedBytes('checkpoint', PLACE)).toString('utf8')).toBe(
    `lockgate audit checkpoint v1\n["main",7,"${'ab'.repeat(32)}",1750000000000]`,
  )
})

test('a head is never a checkpoint of the same place', () => {
  expect(signedBytes('head', PLACE)).not.toEqual(signedBytes('checkpoint', PLACE))
})

test('no two places share their bytes, whatever their names are', () => {
  const texts = [
    ...[PLACE, { ...PLACE, seq: 71 }, { ...PLACE, chain: 'main",7' }, { ...PLACE, atMs: 1 }],
    { ...PLACE, chain: 'main\n' },
  ].map((place) => Buffer.from(signedBytes('head', place)).toString('hex'))
  expect(new Set(texts).size).toBe(texts.length)
})
