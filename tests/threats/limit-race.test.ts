import { expect, test } from 'vitest'
import { startRig } from '../gateway/rig.ts'
import { raceForLimit } from './limit-race.ts'

test('64 callers at once pass exactly as often as the limit says, also with a key not verified yet', () =>
  raceForLimit(200))

test('through the gateway the upstream sees exactly the quota', async () => {
  const rig = await startRig({
    config: { tiers: { free: { limits: [{ name: 'minute', quota: 25, window: '1m' }] } } },
  })
  const { key } = await rig.gate.keys.issue({ owner: 'eve@example.com' })
  const statuses = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const response = await fetch(rig.url, { headers: { 'x-api-key': key } })
      await response.arrayBuffer()
      return response.status
    }),
  )
  expect(statuses.filter((status) => status === 200)).toHaveLength(25)
  expect(statuses.filter((status) => status === 429)).toHaveLength(39)
  expect(rig.upstream.requests).toHaveLength(25)
  await rig.stop()
})
