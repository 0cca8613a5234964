import { describe, expect, test } from 'vitest'
import { type LockgateConfig, resolveSettings } from '../../config/index.ts'
import { worstDay } from './worst-day.ts'

const DAY = { name: 'day', quota: 1000, window: '1d' } as const

function worstOf(free: object, more: LockgateConfig = {}, named?: number) {
  const settings = resolveSettings({ ...more, tiers: { free: { limits: [DAY], ...free } } }, {})
  const tier = settings.tiers.get('free')
  if (tier === undefined) throw new Error('no tier')
  return worstDay(tier, settings, named)
}

describe('the most that one key can cost in a day', () => {
  test('what its limits admit, at the price of a call', () => {
    expect(worstOf({})).toMatchObject({
      ...{ requests: 1000, callMicroUsd: 6_600, callPriceFrom: 'default' },
      ...{ microUsd: 6_600_000n, cappedBy: null },
    })
    expect(worstOf({}, {}, 1_000_000).microUsd).toBe(1_000_000_000n)
    const defaultPrice = { perRequest: '$0.01' }
    expect(worstOf({}, { spend: { defaultPrice } }).microUsd).toBe(10_000_000n)
  })

  test.each([
    [{ spend: { perDay: '$1' } }, {}, 1_000_000n, 'spend_day'],
    [{ spend: { perDay: '$7' } }, {}, 6_600_000n, null],
    // 24 hours can lie in two months.
    [{ spend: { perMonth: '$3' } }, {}, 6_000_000n, 'spend_month'],
    [{ spend: { together: { perDay: '$2' } } }, {}, 2_000_000n, 'tier_spend_day'],
    [{}, { spend: { owner: { perDay: '$3' } } }, 3_000_000n, 'owner_spend_day'],
    [{}, { spend: { account: { perDay: '$4' } } }, 4_000_000n, 'account_spend_day'],
    [{ limits: [], spend: { perDay: '$5' } }, {}, 5_000_000n, 'spend_day'],
    [{ limits: [] }, {}, null, null],
    [{ spend: { perDay: '$0' } }, {}, 0n, 'spend_day'],
  ])('%o with %o: %s by %s', (free, more, microUsd, cappedBy) => {
    expect(worstOf(free, more)).toMatchObject({ microUsd, cappedBy })
  })

  test('where models are named, the dearest call of the dearest one that is allowed', () => {
    const prices = {
      cheap: { input: 1, output: 2 },
      'dear-1': { input: 1, output: 8 },
      'dear-2': { input: 1, output: 9 },
      dearest: { input: 100, output: 100 },
    }
    const gateway = { maxBodyBytes: 1000 }
    const worst = (models: string[]) =>
      worstOf({ models, maxOutputTokens: 100 }, { gateway, spend: { prices } })
    expect(worst(['cheap'])).toMatchObject({ callMicroUsd: 1_200, callPriceFrom: 'models' })
    expect(worst(['cheap', 'dear-*']).callMicroUsd).toBe(1_900)
    expect(worst(['cheap', 'dear-*']).microUsd).toBe(1_900_000n)
  })
})
