import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { BodyBudget, CallReader } from './call-reader.ts'

function reading(budget: BodyBudget, maxBytes = 100) {
  const source = new PassThrough()
  const ends: string[] = []
  const reader = new CallReader(source as unknown as IncomingMessage, maxBytes, budget, {
    done: (body) => void ends.push(body.toString()),
    failed: (code) => void ends.push(code),
  })
  return { source, reader, ends }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('gives the body whole', async () => {
  const { source, ends } = reading(new BodyBudget(100))
  source.write('a')
  source.end('bc')
  await turn()
  expect(ends).toEqual(['abc'])
})

test('ends with a body that is larger than it may be', async () => {
  const { source, ends } = reading(new BodyBudget(1_000), 5)
  source.write('abc')
  source.write('def')
  source.end('g')
  await turn()
  expect(ends).toEqual(['body_too_large'])
})

test('all that are held at once are bounded, and what was released makes room', async () => {
  const budget = new BodyBudget(10)
  const first = reading(budget)
  first.source.end('12345678')
  await turn()
  const second = reading(budget)
  second.source.end('123')
  await turn()
  expect([first.ends, second.ends]).toEqual([['12345678'], ['overloaded']])
  first.reader.release()
  first.reader.release()
  const third = reading(budget)
  third.source.end('1234567890')
  await turn()
  expect(third.ends).toEqual(['1234567890'])
})
