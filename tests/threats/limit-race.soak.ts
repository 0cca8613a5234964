import { test } from 'vitest'
import { raceForLimit } from './limit-race.ts'

test('64 callers x 10,000 rounds pass exactly as often as the limit says', () =>
  raceForLimit(10_000))
