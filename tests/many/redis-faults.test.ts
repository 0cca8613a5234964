/** Four processes keep their promises while their Redis has a fault. */
import { expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { broken, lineOf, suffer } from './redis-faults.ts'

test.each([FAULTS.kill, FAULTS.pause, FAULTS.replyDrop])(
  '$name',
  async (fault) => {
    const figures = await suffer(fault, 1)
    expect(broken(figures, fault), lineOf(figures)).toEqual([])
  },
  60_000,
)
