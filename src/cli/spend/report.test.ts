import { describe, expect, test } from 'vitest'
import type { SpendLine, SpendReport } from '../../core/ports/ledger.ts'
import { NO_USAGE } from '../../core/spend/amount.ts'
import { dayChart } from './day-chart.ts'
import { reportCsv, reportJson } from './report-json.ts'
import { reportText } from './report-text.ts'

const line = (name: string, microUsd: number, requests = 1): SpendLine => ({
  ...{ name, requests, microUsd },
  usage: { ...NO_USAGE, inputTokens: 100 * requests, cachedInputTokens: 40, outputTokens: 7 },
})

const reportOf = (parts: Partial<SpendReport>): SpendReport => ({
  ...{ total: line('', 1_234_567, 3), reservedMicroUsd: 4_000 },
  ...{ byKey: [], byOwner: [], byModel: [], byDay: [], ...parts },
})

describe('the report as JSON has names that hold still', () => {
  const tokens = { cached_input_tokens: 40, cache_write_tokens: 0, output_tokens: 7 }

  test('sums, what is held, and one list a group', () => {
    const report = reportOf({
      byKey: [line('7Hq2mZ9x', 1_234_567, 3)],
      ...{ byOwner: [line('ada@example.com', 1)], byModel: [line('gpt-4o-mini', 1)] },
      byDay: [line('2026-11-26', 1)],
    })
    expect(reportJson(report)).toEqual({
      ...{ total_micro_usd: 1_234_567, reserved_micro_usd: 4_000, requests: 3 },
      ...{ input_tokens: 300, ...tokens },
      by_key: [
        { key_id: '7Hq2mZ9x', requests: 3, micro_usd: 1_234_567, input_tokens: 300, ...tokens },
      ],
      by_owner: [
        { owner: 'ada@example.com', requests: 1, micro_usd: 1, input_tokens: 100, ...tokens },
      ],
      by_model: [{ model: 'gpt-4o-mini', requests: 1, micro_usd: 1, input_tokens: 100, ...tokens }],
      by_day: [{ day: '2026-11-26', requests: 1, micro_usd: 1, input_tokens: 100, ...tokens }],
    })
  })
})

test('CSV holds no cell that a spreadsheet takes for a formula', () => {
  const report = reportOf({ byModel: [line('=HYPERLINK("x")', 5), line('a,b', 6)] })
  expect(reportCsv(report, 'model')).toBe(
    [
      'model,requests,micro_usd,input_tokens,cached_input_tokens,cache_write_tokens,output_tokens',
      '"\'=HYPERLINK(""x"")",1,5,100,40,0,7',
      '"a,b",1,6,100,40,0,7',
      '',
    ].join('\r\n'),
  )
})

describe('the page of text', () => {
  test('says amounts to the micro-dollar, and what is left out', () => {
    const byKey = Array.from({ length: 12 }, (_, index) => line(`key0000${index}`, 1))
    const text = reportText(reportOf({ byKey, byModel: [line('', 1)] }), undefined)
    expect(text).toMatch(/spent +\$1\.234567 in 3 calls/)
    expect(text).toMatch(/held now +\$0\.004/)
    expect(text).toContain('… and 2 more; --by key shows all')
    expect(text).toContain('none named')
    expect(reportText(reportOf({ byKey }), 'key')).not.toContain('more;')
  })

  test('a name cannot control the terminal', () => {
    expect(reportText(reportOf({ byModel: [line('\u001b[2Jx', 1)] }), 'model')).not.toContain(
      '\u001b[2J',
    )
  })
})

describe('days as bars', () => {
  test('days without calls are there, and the dearest has the longest bar', () => {
    const chart = dayChart([
      { name: '2026-11-23', microUsd: 1 },
      { name: '2026-11-26', microUsd: 2_000_000 },
    ])
    expect(chart.split('\n')).toEqual([
      '2026-11-23 ▏ $0.000001',
      '2026-11-24 $0.00',
      '2026-11-25 $0.00',
      `2026-11-26 ${'█'.repeat(40)} $2.00`,
    ])
  })

  test('at most a month, the newest; nothing for no days', () => {
    const days = [
      { name: '2025-01-01', microUsd: 1 },
      { name: '2026-11-26', microUsd: 1 },
    ]
    expect(dayChart(days).split('\n')).toHaveLength(31)
    expect(dayChart([])).toBe('')
  })
})
