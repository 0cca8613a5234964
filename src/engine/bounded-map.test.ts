import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

test('holds as many entries as it was told, and forgets the oldest first', () => {
  const map = new BoundedMap<number, string>(3)
  for (let key = 1; key <= 3; key++) map.set(key, `value ${key}`)
  expect(map.size).toBe(3)
  map.set(1, 'renewed')
  map.set(4, 'value 4')
  expect([1, 2, 3, 4].map((key) => map.get(key))).toEqual([
    'renewed',
    undefined,
    'value 3',
    'value 4',
  ])
})

test('setting a key that is there makes no room', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('b', 3)
  expect([map.get('a'), map.get('b'), map.size]).toEqual([1, 3, 2])
})

test('100,000 keys leave no more than the room for them', () => {
  const map = new BoundedMap<number, number>(100)
  for (let key = 0; key < 100_000; key++) map.set(key, key)
  expect(map.size).toBe(100)
  map.delete(99_999)
  expect([map.size, map.get(99_999)]).toEqual([99, undefined])
})

test('the oldest entries are told in order, as many as there are', () => {
  const map = new BoundedMap<string, number>(3)
  for (const key of ['a', 'b', 'c', 'a']) map.set(key, map.size)
  expect(map.oldest(2).map(([key]) => key)).toEqual(['b', 'c'])
  expect(map.oldest(9).map(([key]) => key)).toEqual(['b', 'c', 'a'])
})

test('holds what a list would that is moved and cut by hand', () => {
  const step = fc.record({ key: fc.nat(9), isDelete: fc.boolean(), isRead: fc.boolean() })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(step, { maxLength: 200 }),
      (max, steps) => {
        const map = new BoundedMap<number, number>(max)
        let model: [number, number][] = []
        for (const [at, { key, isDelete, isRead }] of steps.entries()) {
          if (isRead) {
            expect(map.get(key)).toBe(model.find(([known]) => known === key)?.[1])
            continue
          }
          model = model.filter(([known]) => known !== key)
          if (isDelete) map.delete(key)
          else {
            map.set(key, at)
            model = [...model, [key, at] as [number, number]].slice(-max)
          }
        }
        expect(map.oldest(max)).toEqual(model)
      },
    ),
  )
})
