import { describe, expect, test } from 'vitest'
import { resolveSettings } from '../config/index.ts'
import { exposureWarnings, trustsEveryone, unsetUpstreamHeaders } from './serving-checks.ts'

const settingsOf = (config: object) => resolveSettings(config, {})

describe('what others can reach is warned of', () => {
  test.each(['127.0.0.1', '127.8.8.8', '::1'])('%s cannot be reached', (address) => {
    expect(exposureWarnings(settingsOf({ ip: false }), address)).toEqual([])
  })

  test.each(['0.0.0.0', '::', '10.0.0.1'])('%s can', (address) => {
    const [clear, proxies] = exposureWarnings(settingsOf({}), address)
    expect(clear).toContain('keys travel in clear text')
    expect(proxies).toContain('ip.trustedProxies is empty')
    expect(exposureWarnings(settingsOf({ ip: false }), address)[2]).toContain('ip is false')
    const behindProxy = settingsOf({ ip: { trustedProxies: ['10.0.0.2'] } })
    expect(exposureWarnings(behindProxy, address)).toHaveLength(1)
  })
})

test.each([
  [['0.0.0.0/0'], true],
  [['10.0.0.0/8', '::/0'], true],
  [['10.0.0.0/8'], false],
  [['10.0.0.0/10'], false],
  [[], false],
])('trusted proxies %j trust everyone: %s', (blocks, expected) => {
  expect(trustsEveryone(blocks)).toBe(expected)
})

test('a header made of a variable that is not set is named', () => {
  const upstreamHeaders = {
    authorization: 'Bearer undefined',
    'x-a': 'undefined',
    'x-b': 'undefinedly',
  }
  const { gateway } = settingsOf({ upstreamHeaders })
  expect(unsetUpstreamHeaders(gateway)).toEqual(['authorization', 'x-a'])
})
