/**
 * Sends an answer, at the pace and with the faults that were asked for, and notes what was produced. A
 * client that goes away ends it at the next event, and its call at once. Never rejects.
 */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FakeAnswer, FakeUsage, StreamEvent } from './answer.ts'
import type { RunningCall } from './calls.ts'
import type { FakeFaults, FaultPhase } from './faults.ts'
import { closed, drained, flushed } from './http.ts'

export interface Delivery {
  readonly res: ServerResponse
  readonly call: RunningCall
  readonly answer: FakeAnswer
  readonly faults: FakeFaults
  /** ms after each event of a stream. */
  readonly eventDelayMs: number
}

const USAGE_DELAY_MS = 200

export async function deliver(delivery: Delivery): Promise<void> {
  const { res, call, answer, faults } = delivery
  res.once('close', () => call.finish(res.writableFinished ? 'complete' : 'client'))
  // The client may have left while its request was read.
  if (res.destroyed) return call.finish('client')
  const told = toldUsage(answer, faults)
  if (!(await reach(delivery, 'before-headers'))) return
  if (answer.isStream) await sendStream(delivery, told)
  else await sendWhole(delivery, told)
}

function toldUsage({ usage, isSilent }: FakeAnswer, faults: FakeFaults): FakeUsage | null {
  if (isSilent || faults.usage === 'none') return null
  const { wrongInputTokens, wrongOutputTokens } = faults
  return {
    ...usage,
    inputTokens: wrongInputTokens ?? usage.inputTokens,
    outputTokens: wrongOutputTokens ?? usage.outputTokens,
  }
}

/** False where the answer goes no further. */
async function reach({ res, call, faults }: Delivery, phase: FaultPhase): Promise<boolean> {
  if (faults.closeAt === phase) {
    await flushed(res)
    call.finish('fake')
    res.destroy()
  } else if (faults.hangAt === phase) await closed(res)
  return !res.destroyed
}

async function sendWhole(delivery: Delivery, told: FakeUsage | null): Promise<void> {
  const { res, call, answer, faults } = delivery
  const { outputTokens } = answer.usage
  const { tokenDelayMs = 0 } = faults
  for (let token = 0; tokenDelayMs > 0 && token < outputTokens; token++) {
    await sleep(tokenDelayMs)
    if (res.destroyed) return
    call.produced(1)
  }
  call.produced(outputTokens - call.outputTokens)
  const body = Buffer.from(answer.body(told))
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  res.flushHeaders()
  if (!(await reach(delivery, 'before-first-token'))) return
  const middle = Math.ceil(body.length / 2)
  res.write(body.subarray(0, middle))
  if (!(await reach(delivery, 'middle'))) return
  if (told !== null) call.tell(told)
  res.end(body.subarray(middle))
}

async function sendStream(delivery: Delivery, told: FakeUsage | null): Promise<void> {
  const { res, call, answer, faults, eventDelayMs } = delivery
  const { tokenDelayMs = 0, usageDelayMs = USAGE_DELAY_MS } = faults
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  res.flushHeaders()
  const passed = new Set<FaultPhase>()
  for (const event of answer.events(told)) {
    const phase = phaseBefore(event, call.outputTokens, answer.usage.outputTokens)
    if (phase !== undefined && !passed.has(phase)) {
      passed.add(phase)
      if (!(await reach(delivery, phase))) return
    }
    if (tokenDelayMs > 0 && event.tokens > 0) await sleep(tokenDelayMs * event.tokens)
    if (event.kind === 'usage' && faults.usage === 'late') await sleep(usageDelayMs)
    if (res.destroyed) return
    call.produced(event.tokens)
    if (event.kind === 'usage' && told !== null) call.tell(told)
    if (!res.write(event.text)) await drained(res)
    if (eventDelayMs > 0) await sleep(eventDelayMs)
  }
  if (!passed.has('after-usage') && !(await reach(delivery, 'after-usage'))) return
  res.end()
}

/** Which moment is there just before an event; more than one event may belong to it. */
function phaseBefore(event: StreamEvent, produced: number, total: number): FaultPhase | undefined {
  if (event.kind === 'head') return undefined
  if (event.kind === 'end') return 'after-usage'
  if (event.kind !== 'text') return 'after-last-token'
  if (produced === 0) return 'before-first-token'
  return produced * 2 >= total ? 'middle' : undefined
}
