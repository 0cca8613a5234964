import { expect, test } from 'vitest'
import { createRequestIds } from './request-id.ts'

test('ids are unique within a sequence and between sequences', () => {
  const sequences = Array.from({ length: 100 }, createRequestIds)
  const ids = sequences.flatMap((next) => Array.from({ length: 1000 }, next))
  expect(new Set(ids).size).toBe(100_000)
  expect(ids.every((id) => /^req_[0-9A-Za-z]{8}[0-9a-z]+$/.test(id))).toBe(true)
})
