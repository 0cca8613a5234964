/** Each fault of the proxy, between a client and a server that answers `got ` and what it was sent. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

let server: Server
let received = ''
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      received += chunk
      socket.write(`got ${chunk}`)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

let proxy: FaultProxy
beforeEach(async () => {
  received = ''
  proxy = await startFaultProxy((server.address() as AddressInfo).port)
})
afterEach(() => proxy.stop())

interface Client {
  readonly socket: Socket
  readonly closed: Promise<unknown>
  heard: string
  hears(text: string): Promise<void>
}

async function dial(): Promise<Client> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  const client: Client = {
    socket,
    closed,
    heard: '',
    async hears(text) {
      while (client.heard !== text) await once(socket, 'data')
    },
  }
  socket.on('data', (chunk) => {
    client.heard += chunk
  })
  await once(socket, 'connect')
  return client
}

async function serverReceives(text: string): Promise<void> {
  while (received !== text) await turn()
}

test('it forwards both ways, counts connections, and passes the end on', async () => {
  const [one, two] = [await dial(), await dial()]
  one.socket.write('a')
  await one.hears('got a')
  two.socket.write('b')
  await two.hears('got b')
  expect(proxy.connections()).toBe(2)
  one.socket.end()
  await one.closed
  while (proxy.connections() !== 1) await turn()
})

test('a delay holds replies only, and keeps their order when it ends', async () => {
  const client = await dial()
  proxy.delayMs(200)
  const sentMs = performance.now()
  client.socket.write('a')
  await serverReceives('a')
  expect(client.heard).toBe('')
  await turn()
  proxy.delayMs(0)
  client.socket.write('b')
  await client.hears('got agot b')
  expect(performance.now() - sentMs).toBeGreaterThanOrEqual(200)
})

test('dropped replies are lost, the requests were not', async () => {
  const client = await dial()
  proxy.dropReplies(true)
  client.socket.write('a')
  await serverReceives('a')
  await sleep(30)
  proxy.dropReplies(false)
  client.socket.write('b')
  await client.hears('got b')
})

test('a stall holds both directions and loses nothing', async () => {
  const client = await dial()
  proxy.stall(true)
  client.socket.write('a')
  await sleep(30)
  expect(received).toBe('')
  proxy.stall(false)
  await client.hears('got a')
})

test('cut destroys what is open, refuse what comes', async () => {
  const client = await dial()
  client.socket.write('a')
  await client.hears('got a')
  proxy.refuse(true)
  const refused = await dial()
  await refused.closed
  client.socket.write('b')
  await client.hears('got agot b')
  proxy.cut()
  await client.closed
  expect(proxy.connections()).toBe(0)
  proxy.refuse(false)
  const welcome = await dial()
  welcome.socket.write('c')
  await welcome.hears('got c')
})

test('cut before a request: the server never saw it; after: it did, and the answer is lost', async () => {
  const before = await dial()
  proxy.cutWhen((chunk, from) => (from === 'client' && chunk.includes('x') ? 'before' : 'pass'))
  before.socket.write('a')
  await before.hears('got a')
  before.socket.write('x')
  await before.closed
  expect([before.heard, received]).toEqual(['got a', 'a'])

  const after = await dial()
  proxy.cutWhen((chunk, from) => (from === 'client' && chunk.includes('x') ? 'after' : 'pass'))
  after.socket.write('x')
  await after.closed
  await serverReceives('ax')
  expect(after.heard).toBe('')

  const again = await dial()
  again.socket.write('x')
  await again.hears('got x')
})

test('cut after a reply: the client has it, and no connection', async () => {
  const client = await dial()
  proxy.cutWhen((_chunk, from) => (from === 'server' ? 'after' : 'pass'))
  client.socket.write('a')
  await client.closed
  expect(client.heard).toBe('got a')
})
