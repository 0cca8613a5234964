import { expect, test } from 'vitest'
import { sendHostileTargets } from './canary.ts'

test('no target reaches a host that is not configured', async () => {
  const { sent, forwarded } = await sendHostileTargets(2_000)
  expect(sent).toBe(2_000)
  expect(forwarded).toBeGreaterThan(10)
})
