import { describe, expect, test } from 'vitest'
import { newFolder } from '../../../tests/cli/command-line.ts'
import { incidentTrace } from '../replay/trace.ts'

const SLOW = { timeout: 60_000 }

/** The night of the incident as nginx would have logged it, to the millisecond as JSON lines. */
const NIGHT = incidentTrace(314)
const jsonLog = (more: object = {}): string =>
  NIGHT.map(({ atMs, caller }) => JSON.stringify({ time: atMs, user: `u${caller}`, ...more })).join(
    '\n',
  )

const CAPPED = {
  tiers: {
    free: {
      limits: [
        { name: 'minute', quota: 60, window: '1m', burst: { extra: 0.2, for: '10s' } },
        { name: 'day', quota: 1000, window: '1d' },
      ],
      spend: { perDay: '$1' },
      models: ['gpt-4o-mini'],
    },
  },
  spend: { account: { perDay: '$20' }, prices: { 'gpt-4o-mini': { input: 1, output: 10 } } },
}

const folderOf = (files: Record<string, string>, config: object = {}) =>
  newFolder({ ...files, 'lockgate.config.json': JSON.stringify(config) })

describe.concurrent('lockgate simulate', SLOW, () => {
  test('the night under limits: what the gate itself let through in the replay', async () => {
    const folder = folderOf({ 'night.jsonl': jsonLog() })
    const { out, code } = await folder.run('simulate', 'night.jsonl', '--json')
    expect(code).toBe(0)
    const { total, callers } = JSON.parse(out)
    expect(callers[0]).toEqual({
      ...{ caller: 'u0', calls: 47_200, admitted: 1_000 },
      refused: { minute: 1_379, day: 44_821 },
      ...{ without_micro_usd: 311_520_000, with_micro_usd: 6_600_000 },
    })
    expect(callers).toHaveLength(13)
    expect(total).toMatchObject({ calls: 47_634, admitted: 1_434 })
  })

  test('the night under caps: the same 151 calls as in the replay', async () => {
    const folder = folderOf({ 'night.jsonl': jsonLog() }, CAPPED)
    const { out } = await folder.run('simulate', 'night.jsonl', '--json')
    expect(JSON.parse(out).callers[0]).toMatchObject({
      ...{ admitted: 151, refused: { minute: 159, spend_day: 46_890 }, with_micro_usd: 996_600 },
    })
  })

  test('calls cost what their model and tokens do; other models and errors pay nothing', async () => {
    const call = { time: 1_768_000_000, user: 'ada', model: 'gpt-4o-mini' }
    const tokens = { input_tokens: 1000, output_tokens: 100 }
    const lines = [
      { ...call, ...tokens },
      { ...call, ...tokens, status: 500 },
      { ...call, ...tokens, model: 'gpt-5-pro' },
      { ...call, ...tokens, method: 'OPTIONS' },
    ]
    const log = lines.map((line) => JSON.stringify(line)).join('\n')
    const { out } = await folderOf({ log }, CAPPED).run('simulate', 'log', '--json')
    expect(JSON.parse(out).total).toMatchObject({
      ...{ calls: 4, admitted: 3, refused: { model_not_allowed: 1 }, with_micro_usd: 2_000 },
    })
  })

  test('bad lines are counted, the first is named, and a whole key is not shown', async () => {
    const secret = `acme_live_aaaaaaaa_${'a'.repeat(49)}`
    const good = JSON.stringify({ time: 1_768_000_000, key: secret })
    const token = JSON.stringify({ time: 1_767_000_000, key: 'x'.repeat(40) })
    const log = [good, '', 'garbage', '{"a":', token].join('\n')
    const { out, code } = await folderOf({ log }).run('simulate', 'log')
    expect(code).toBe(0)
    expect(out).toContain('2 lines passed over; the first is line 3: it is no line of the common')
    expect(out).toContain('1 call not in order of time')
    expect(out).toContain('acme_live_aaaaaaaa_…')
    expect(out).not.toContain('a'.repeat(20))
    expect(out).not.toContain('x'.repeat(20))
  })

  test.each([
    [['simulate', 'nowhere'], 1, 'cannot read nowhere: ENOENT'],
    [['simulate', 'empty'], 1, 'empty holds no call: it is empty'],
    [['simulate', 'bad'], 1, 'bad holds no call: line 1: it is no line of the common'],
    [['simulate', 'bad', '--tier', 'gold'], 2, '--tier must be one of free, paid, not "gold"'],
    [['simulate', 'bad', '--price', 'x'], 2, '--price must be dollars'],
    [['simulate', 'bad', '--format', 'jsno'], 2, "argument 'jsno' is invalid (Did you mean json?)"],
    [['simulate', 'bad', '--format', 'combined', '--key-field', 'x'], 2, '--key-field must be'],
    [['simulate'], 2, "missing required argument 'log'"],
  ])('%o', async (args, expectedCode, expected) => {
    const { code, out, err } = await folderOf({ empty: '', bad: 'x' }).run(...args)
    expect(err).toContain(expected)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect({ code, out }).toEqual({ code: expectedCode, out: '' })
  })
})
