import { expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { broken, lineOf, suffer } from './redis-faults.ts'

const TIMES = 20

test.each(Object.values(FAULTS))(
  `${TIMES} times: $name`,
  async (fault) => {
    const figures = await suffer(fault, TIMES)
    console.log(lineOf(figures))
    expect(broken(figures, fault)).toEqual([])
  },
  3_600_000,
)
