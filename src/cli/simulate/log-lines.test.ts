import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCombinedLine } from './combined-log.ts'
import { readJsonLine } from './json-log.ts'
import { linesOf } from './lines.ts'

const AT_MS = Date.UTC(2026, 0, 13, 3, 14)

describe('the common and the combined format', () => {
  const line = (user = '-', rest = ' 512 "-" "curl/8"', request = 'POST /v1/chat HTTP/1.1') =>
    `203.0.113.66 - ${user} [13/Jan/2026:04:14:00 +0100] "${request}" 200${rest}`

  test('time with its zone, caller, method, path and status', () => {
    expect(readCombinedLine(line(), undefined)).toMatchObject({
      ...{ atMs: AT_MS, caller: '203.0.113.66', address: '203.0.113.66' },
      ...{ method: 'POST', path: '/v1/chat', status: 200, model: undefined },
    })
    expect(readCombinedLine(line('ada', ' 512'), undefined)).toMatchObject({ caller: 'ada' })
    expect(readCombinedLine(line('ada'), 'address')).toMatchObject({ caller: '203.0.113.66' })
    expect(readCombinedLine(line('-', ' -'), undefined)).toMatchObject({ status: 200 })
    expect(readCombinedLine(line('-', '', '\\x16\\x03'), undefined)).toMatchObject({
      ...{ status: 200, method: undefined },
    })
  })

  test.each([
    ['', 'it is no line of the common'],
    ['hello', 'it is no line of the common'],
    [line().replace('Jan', 'Jnu'), 'its time "13/Jnu/2026:04:14:00 +0100" cannot be read'],
    [line().replace('13/', '99/'), 'its time'],
  ])('%s is refused', (text, problem) => {
    const read = readCombinedLine(text, undefined)
    expect('problem' in read && read.problem).toContain(problem)
  })

  test('a log without users has nobody to go by', () => {
    expect(readCombinedLine(line(), 'user')).toEqual({ problem: 'it names no user' })
  })
})

describe('JSON lines', () => {
  const read = (entry: unknown, keyField?: string) => readJsonLine(JSON.stringify(entry), keyField)

  test.each([
    { time: '2026-01-13T03:14:00Z' },
    { timestamp: AT_MS },
    { ts: AT_MS / 1000 },
    { '@timestamp': '2026-01-13T04:14:00+01:00' },
    { time_local: '13/Jan/2026:03:14:00 +0000' },
    { time: String(AT_MS / 1000) },
  ])('the time of %o', (time) => {
    expect(read({ ...time, user: 'ada' })).toMatchObject({ atMs: AT_MS, caller: 'ada' })
  })

  test('model and tokens, as APIs report them and as loggers flatten them', () => {
    const time = { time: AT_MS, ip: '203.0.113.66' }
    expect(
      read({ ...time, model: 'm', usage: { prompt_tokens: 7, completion_tokens: 5 } }),
    ).toMatchObject({ caller: '203.0.113.66', model: 'm', inputTokens: 7, outputTokens: 5 })
    expect(read({ ...time, input_tokens: '7', 'usage.output_tokens': 5 })).toMatchObject({
      ...{ inputTokens: 7, outputTokens: 5 },
    })
  })

  test('--key-field names the member, also one inside others', () => {
    const entry = { time: AT_MS, user: 'ada', headers: { 'x-user': 'bob' } }
    expect(read(entry, 'headers.x-user')).toMatchObject({ caller: 'bob' })
    expect(read(entry, 'nobody')).toEqual({ problem: 'it does not say who called by nobody' })
  })

  test.each([
    [[], 'it is no JSON object'],
    [7, 'it is no JSON object'],
    [{ user: 'ada' }, 'it has no time that can be read'],
    [{ time: 'soon', user: 'ada' }, 'it has no time that can be read'],
    [{ time: 1e300, user: 'ada' }, 'it has no time that can be read'],
    [{ time: AT_MS }, 'it does not say who called'],
  ])('%o is refused', (entry, problem) => {
    expect(read(entry)).toEqual({ problem })
  })
})

test('no line throws, whatever it is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), fc.option(fc.string()), (line, keyField) => {
      readCombinedLine(line, keyField ?? undefined)
      readJsonLine(line, keyField ?? undefined)
    }),
  )
})

describe('lines of a stream', () => {
  async function collect(text: string, chunkBytes: number, most?: number) {
    async function* chunks() {
      const bytes = new TextEncoder().encode(text)
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes)
    }
    const lines: (string | null)[] = []
    for await (const line of linesOf(chunks(), most)) lines.push(line)
    return lines
  }

  test.each([1, 2, 3, 100])('are the same in chunks of %s bytes', async (chunkBytes) => {
    expect(await collect('ä\r\nb\n\nc', chunkBytes)).toEqual(['ä', 'b', '', 'c'])
  })

  test.each([1, 5, 100])('too long ones come as null, in chunks of %s', async (chunkBytes) => {
    expect(await collect(`a\n${'x'.repeat(50)}\nb\n${'y'.repeat(50)}`, chunkBytes, 10)).toEqual([
      ...['a', null, 'b', null],
    ])
  })
})
