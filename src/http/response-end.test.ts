import { once } from 'node:events'
import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { onResponseEnd } from './response-end.ts'

let close: () => Promise<void>
let request: IncomingMessage
let response: ServerResponse

/** A request that was received and is not answered yet. */
beforeEach(async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const received = await once(server, 'request')
  request = received[0]
  response = received[1]
  close = async () => {
    client.destroy()
    server.close()
    await once(server, 'close')
  }
})
afterEach(() => close())

test('a response that is written ends once', async () => {
  const end = vi.fn()
  onResponseEnd(request, response, end)
  response.end('done')
  await once(response, 'close')
  request.socket.destroy()
  await once(request.socket, 'close')
  expect(end).toHaveBeenCalledOnce()
})

test('a response whose connection goes ends once', async () => {
  const end = vi.fn()
  onResponseEnd(request, response, end)
  request.socket.destroy()
  await vi.waitFor(() => expect(end).toHaveBeenCalledOnce())
})

test('a response that is over already ends at once', async () => {
  request.socket.destroy()
  const end = vi.fn()
  onResponseEnd(request, response, end)
  expect(end).toHaveBeenCalledOnce()
})

test('a response that waits behind another ends with the connection, though it hears nothing', async () => {
  const waiting = new ServerResponse(request)
  const end = vi.fn()
  onResponseEnd(request, waiting, end)
  request.socket.destroy()
  await once(request.socket, 'close')
  waiting.emit('close')
  expect(end).toHaveBeenCalledOnce()
})

test('a response that waited and ended leaves nothing behind on the connection', () => {
  const before = request.socket.listenerCount('close')
  const waiting = new ServerResponse(request)
  const end = vi.fn()
  onResponseEnd(request, waiting, end)
  expect(request.socket.listenerCount('close')).toBe(before + 1)
  waiting.emit('close')
  expect(request.socket.listenerCount('close')).toBe(before)
  expect(end).toHaveBeenCalledOnce()
})
