/** A reverse proxy of the kind that the argument names, before an upstream that answers 2 bytes. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import fastifyProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { type Dispatcher, Pool } from 'undici'
import { createGateway } from '../../src/gateway/index.ts'
import { announce } from './announce.ts'
import { openBenchGate } from './open-gate.ts'

const upstreamProcess = startUpstream()
process.once('SIGTERM', () => {
  upstreamProcess.kill()
  process.exit()
})
const [line] = await once(createInterface({ input: upstreamProcess.stdout }), 'line')
const upstream = new URL(JSON.parse(String(line)).url).origin

switch (process.argv[2]) {
  case 'undici':
    await announce(bareProxy())
    break
  case 'fastify':
    await announce(await fastifyServer())
    break
  case 'lockgate':
    await lockgateServer()
    break
  default:
    throw new Error('one of: undici, fastify, lockgate')
}

function startUpstream(): ChildProcessByStdio<null, Readable, null> {
  const path = fileURLToPath(new URL('two-bytes.ts', import.meta.url))
  return spawn('taskset', ['-c', '1', process.execPath, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** The least a proxy can do: status, headers and body passed on, nothing looked at. */
function bareProxy(): Server {
  const pool = new Pool(upstream, { connections: 64 })
  const server = createServer((req, res) => {
    const { url = '/', method = 'GET', rawHeaders } = req
    const headers = rawHeaders.filter(
      (_, i, all) => !/^(host|connection)$/i.test(all[i - (i % 2)] ?? ''),
    )
    pool.dispatch({ path: url, method: method as Dispatcher.HttpMethod, headers }, new Relay(res))
  })
  return server.listen(0, '127.0.0.1')
}

class Relay implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[]>,
  ): void {
    const { connection: _hop, 'keep-alive': _too, ...kept } = headers
    this.#res.writeHead(statusCode, kept)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#res.write(chunk)
  }

  onResponseEnd(): void {
    this.#res.end()
  }

  onResponseError(): void {
    this.#res.destroy()
  }
}

async function fastifyServer(): Promise<Server> {
  const app = fastify()
  await app.register(fastifyProxy, { upstream, undici: { connections: 64 } })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}

async function lockgateServer(): Promise<void> {
  const { gate, key } = await openBenchGate()
  const settings = { ...(await benchGatewaySettings()), upstream }
  const gateway = createGateway({ gate, settings })
  await gateway.listen({ port: 0, host: '127.0.0.1' })
  await announce(gateway.server, key)
}

async function benchGatewaySettings() {
  const { loadSettings } = await import('../../src/config/index.ts')
  const { settings } = await loadSettings({ config: {} })
  return settings.gateway
}
