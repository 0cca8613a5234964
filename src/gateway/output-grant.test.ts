import { expect, test } from 'vitest'
import { OutputGrant } from './output-grant.ts'

/** A grant of 1,000 tokens, and what it did. */
function grant(answers: Promise<boolean>[]) {
  const log: string[] = []
  const followed = new OutputGrant({
    reservation: {
      extend: ({ tokens }) => {
        log.push(`extend ${tokens}`)
        return answers.shift() ?? Promise.resolve(false)
      },
    },
    heldTokens: 1_000,
    amountOf: (tokens) => ({ microUsd: tokens, tokens }),
    pause: () => void log.push('pause'),
    resume: () => void log.push('resume'),
    cut: () => void log.push('cut'),
  })
  return { followed, log }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const never = new Promise<boolean>(() => {})

test('asks ahead, once, and goes on without a stop where more is granted', async () => {
  const { followed, log } = grant([Promise.resolve(true)])
  followed.follow(800)
  expect(log).toEqual([])
  followed.follow(801)
  followed.follow(900)
  await turn()
  followed.follow(1_000)
  expect(log).toEqual(['extend 256'])
})

test('holds the stream up where it is faster than the answer', async () => {
  let answer = (_: boolean): void => {}
  const { followed, log } = grant([
    new Promise((resolve) => {
      answer = resolve
    }),
  ])
  followed.follow(1_001)
  followed.follow(1_002)
  expect(log).toEqual(['extend 256', 'pause'])
  answer(true)
  await turn()
  expect(log.slice(0, 3)).toEqual(['extend 256', 'pause', 'resume'])
})

test('lets what is held be used up after a refusal, and cuts then, once', async () => {
  const { followed, log } = grant([Promise.resolve(false)])
  followed.follow(900)
  await turn()
  followed.follow(1_000)
  expect(log).toEqual(['extend 256'])
  followed.follow(1_001)
  followed.follow(1_002)
  expect(log).toEqual(['extend 256', 'cut'])
})

test('takes a failure for a refusal', async () => {
  const { followed, log } = grant([Promise.reject(new Error('down'))])
  followed.follow(1_001)
  await turn()
  expect(log).toEqual(['extend 256', 'pause', 'resume', 'cut'])
})

test('does nothing more once the stream is over', async () => {
  const { followed, log } = grant([never])
  followed.follow(900)
  followed.end()
  followed.follow(5_000)
  await turn()
  expect(log).toEqual(['extend 256'])
})
