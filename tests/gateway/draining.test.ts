/** Closing a gateway: nothing new comes in, what is in flight gets its answer or is cut in time. */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { RawClient, until } from './raw-client.ts'
import { type Rig, startRig } from './rig.ts'

interface Held {
  readonly rig: Rig
  /** The answers that the upstream has begun or not, in order. */
  readonly held: ServerResponse[]
}

/** An upstream that answers when the test says so. */
async function hold(drainTimeoutMs = 2_000): Promise<Held> {
  const held: ServerResponse[] = []
  const rig = await startRig({
    answer: (_request, response) => void held.push(response),
    gateway: { drainTimeoutMs },
  })
  return { rig, held }
}

const get = (rig: Rig): string => `GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${rig.key}\r\n\r\n`

const settled = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), sleep(50, false)])

describe('close', () => {
  test('an answer that has not begun arrives with Connection: close', async () => {
    const { rig, held } = await hold()
    const client = new RawClient(rig.port).send(get(rig))
    await until(() => held.length === 1)
    const closed = rig.gateway.close()
    expect(await settled(closed)).toBe(false)
    held[0]?.writeHead(200, { 'content-length': '4' }).end('done')
    expect(await client.answer()).toMatchObject({
      status: 200,
      body: 'done',
      headers: { connection: 'close' },
    })
    expect(await client.closed()).toBe(true)
    client.end()
    await closed
    await rig.stop()
  })

  test('a stream that has begun is finished, whole', async () => {
    const { rig, held } = await hold()
    const client = new RawClient(rig.port).send(get(rig))
    await until(() => held.length === 1)
    held[0]?.write('first,')
    await until(() => client.received.includes('first,'))
    const closed = rig.gateway.close()
    await sleep(100)
    held[0]?.end('last')
    expect(await client.closed()).toBe(true)
    expect(client.received).toMatch(/first,\r\n4\r\nlast\r\n0\r\n\r\n$/)
    client.end()
    await closed
    await rig.stop()
  })

  test('new connections are refused, idle ones are closed at once', async () => {
    const { rig, held } = await hold()
    const idle = new RawClient(rig.port).send(get(rig))
    await until(() => held.length === 1)
    held[0]?.writeHead(200, { 'content-length': '0' }).end()
    await idle.answer()
    const closed = rig.gateway.close()
    expect(await idle.closed(1_000)).toBe(true)
    idle.end()
    await closed
    const late = new RawClient(rig.port).send(get(rig))
    expect(await late.closed()).toBe(true)
    expect(late.received).toBe('')
    await rig.stop()
  })

  test('a new request on a busy connection: 503 overloaded, and the connection closes', async () => {
    const { rig, held } = await hold()
    const client = new RawClient(rig.port).send(get(rig))
    await until(() => held.length === 1)
    held[0]?.writeHead(200, { 'content-length': '4' })
    held[0]?.write('do')
    await until(() => client.received.includes('do'))
    const closed = rig.gateway.close()
    client.send(get(rig))
    await sleep(50)
    held[0]?.end('ne')
    expect(await client.answer()).toMatchObject({ status: 200, body: 'done' })
    const answer = await client.answer()
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'overloaded', retry_after: 1 })
    expect(answer.headers).toMatchObject({ connection: 'close', 'retry-after': '1' })
    expect(await client.closed()).toBe(true)
    client.end()
    await closed
    expect(held).toHaveLength(1)
    await rig.stop()
  })

  test('what does not finish in time is cut, without a fake end', async () => {
    const { rig, held } = await hold(300)
    const client = new RawClient(rig.port).send(get(rig))
    await until(() => held.length === 1)
    held[0]?.write('endless')
    await until(() => client.received.includes('endless'))
    await rig.gateway.close()
    expect(await client.closed()).toBe(true)
    expect(client.received).not.toMatch(/0\r\n\r\n$/)
    expect(await until(() => rig.upstream.aborted === 1, 1_000)).toBe(true)
    await rig.stop()
  })

  test('twice is once', async () => {
    const { rig } = await hold()
    expect(rig.gateway.close()).toBe(rig.gateway.close())
    await rig.stop()
  })
})
