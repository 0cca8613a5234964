/**
 * A call whose upstream dies at any byte of it is not sent again and is charged once, by the rules of the
 * guide (RFC 9110, 9.2.2: what is not idempotent is never retried by a proxy).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Rig, startRig } from '../gateway/rig.ts'
import { DyingUpstream } from './dying-upstream.ts'

const OUTPUT_MICRO_USD = 10
const MAX_TOKENS = 50
const CONFIG = {
  keys: { argon2id: { memoryKiB: 8, passes: 1 } },
  spend: { prices: { m: { input: 1, output: OUTPUT_MICRO_USD } } },
}
const bodyOf = (isStream: boolean, content: string): string =>
  JSON.stringify({
    ...{ model: 'm', max_tokens: MAX_TOKENS, stream: isStream },
    ...(isStream ? { stream_options: { include_usage: true } } : {}),
    messages: [{ role: 'user', content }],
  })
const SMALL = bodyOf(false, 'hi')
/** More than sockets buffer, so that it is still being sent. */
const LARGE = bodyOf(false, 'x'.repeat(900_000))
const STREAM = bodyOf(true, 'hi')

const USAGE = '{"prompt_tokens":9,"completion_tokens":3}'
const REPORTED = 9 + 3 * OUTPUT_MICRO_USD
const headOf = (type: string, body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`
const JSON_BODY = `{"id":"x","choices":[{"message":{"content":"abcd"}}],"usage":${USAGE}}`
const JSON_ANSWER = headOf('application/json', JSON_BODY) + JSON_BODY
const EVENT = 'data: {"choices":[{"index":0,"delta":{"content":"abcd"}}]}\n\n'
const LAST = `data: {"choices":[],"usage":${USAGE}}\n\n`
const EVENTS = `${EVENT.repeat(6)}${LAST}data: [DONE]\n\n`
const STREAM_HEAD = headOf('text/event-stream', EVENTS)
const STREAM_ANSWER = STREAM_HEAD + EVENTS

let upstream: DyingUpstream
let rig: Rig
beforeEach(async () => {
  upstream = await DyingUpstream.start()
  rig = await startRig({ config: CONFIG, gateway: { upstream: upstream.url } })
})
afterEach(async () => {
  await rig.stop()
  upstream.stop()
})

/** The answer as far as it comes; undefined where it breaks off. */
async function post(body: string): Promise<{ status: number; text: string | undefined }> {
  const response = await fetch(`${rig.url}/v1/chat/completions`, {
    ...{ method: 'POST', body },
    headers: { authorization: `Bearer ${rig.key}`, 'content-type': 'application/json' },
  })
  const text = await response.text().catch(() => undefined)
  return { status: response.status, text }
}

async function charged(): Promise<{ requests: number; microUsd: number; heldMicroUsd: number }> {
  const report = await rig.gate.spend?.report()
  if (report === undefined) throw new Error('spend is configured')
  const { requests, microUsd } = report.total
  return { requests, microUsd, heldMicroUsd: report.reservedMicroUsd }
}

/** The end of a call is known to the client a little before it is known to the ledger. */
async function isSettled(): Promise<void> {
  for (let looks = 0; looks < 200 && (await charged()).heldMicroUsd > 0; looks++) await sleep(5)
}

const worst = (body: string): number => body.length + MAX_TOKENS * OUTPUT_MICRO_USD

/** What a stream of which so many bytes arrived costs. */
function streamCost(bytes: number): number {
  const passed = STREAM_ANSWER.slice(STREAM_HEAD.length, Math.max(STREAM_HEAD.length, bytes))
  if (passed.includes(LAST)) return REPORTED
  return STREAM.length + (passed.split('\n\n').length - 1) * OUTPUT_MICRO_USD
}

const part = (length: number, of: number): number => Math.floor(length * of)
const REQUEST_CUTS = [1, 2_000, 70_000, 300_000, 600_000, LARGE.length - 1]
const ANSWER_CUTS = [0, 1, 16, 40, JSON_ANSWER.length - JSON_BODY.length].concat(
  part(JSON_ANSWER.length, 0.9),
  JSON_ANSWER.length - 1,
)
const STREAM_CUTS = [0, STREAM_HEAD.length - 1, STREAM_HEAD.length].concat(
  STREAM_HEAD.length + EVENT.length - 1,
  STREAM_HEAD.length + EVENT.length,
  STREAM_HEAD.length + part(EVENT.length, 3.5),
  STREAM_ANSWER.length - 1,
)
const CUTS = [
  ...REQUEST_CUTS.map((atByte) => ({
    ...{ of: 'request' as const, atByte, body: LARGE, answer: JSON_ANSWER, cost: worst(LARGE) },
  })),
  ...ANSWER_CUTS.map((atByte) => ({
    ...{ of: 'answer' as const, atByte, body: SMALL, answer: JSON_ANSWER, cost: worst(SMALL) },
  })),
  ...STREAM_CUTS.map((atByte) => ({
    ...{ of: 'answer' as const, atByte, body: STREAM, answer: STREAM_ANSWER },
    cost: streamCost(atByte),
  })),
]

test('there are twenty places to die at', () => {
  expect(CUTS).toHaveLength(20)
})

describe.each(['new', 'kept alive'])('on a connection that is %s', (connection) => {
  test.each(CUTS)('death at byte $atByte of the $of: once, and $cost', async (cut) => {
    upstream.answer = cut.answer
    expect(await post(SMALL.replace('hi', 'ok'))).toMatchObject({ status: 200 })
    if (connection === 'new') upstream.closeConnections()
    const before = await charged()
    upstream.death = cut
    const { status, text } = await post(cut.body)
    upstream.death = undefined

    const isBegun = status === 200
    if (isBegun) expect(text).toBeUndefined()
    else expect(status).toBe(502)
    await isSettled()
    const after = await charged()
    expect(after).toEqual({
      ...{ requests: before.requests + 1, heldMicroUsd: 0 },
      microUsd: before.microUsd + cut.cost,
    })
    // A retry would be under way by the time that the next call is answered.
    upstream.answer = JSON_ANSWER
    expect(await post(SMALL)).toMatchObject({ status: 200 })
    expect(upstream.requests).toBe(3)
    expect((await charged()).requests).toBe(before.requests + 2)
  })
})
