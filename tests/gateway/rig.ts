/**
 * A gateway under test: a gate with one key, an upstream that counts what reaches it, and the
 * gateway between them, all in this process and on 127.0.0.1.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { GatewayMetrics } from '../../src/core/ports/metrics.ts'
import type { GatewaySettings } from '../../src/core/settings.ts'
import type { Gate } from '../../src/engine/gate.ts'
import { createGateway, type Gateway } from '../../src/gateway/index.ts'
import type { LockgateConfig } from '../../src/index.ts'
import { openTestGate, type TestGate } from './test-gate.ts'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly headers: IncomingMessage['headers']
}

export interface CountingUpstream {
  readonly server: Server
  readonly port: number
  readonly requests: SeenRequest[]
  readonly sockets: Set<Socket>
  /** Bytes of request bodies that arrived. */
  bodyBytes: number
  /** Upstream connections that ended before their answer. */
  aborted: number
}

export interface Rig extends TestGate {
  readonly gateway: Gateway
  readonly port: number
  readonly url: string
  readonly upstream: CountingUpstream
  stop(): Promise<void>
}

export interface RigOptions {
  readonly config?: LockgateConfig
  /** Where a configuration file could not say it: times below a second, upstreams by port. */
  readonly gateway?: Partial<GatewaySettings>
  readonly metrics?: GatewayMetrics
  /** What the gateway asks instead of the gate itself. */
  readonly wrap?: (gate: Gate) => Gate
  /** Answers at the upstream; default: `ok` once the body is read. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void
}

const QUICK: Partial<GatewaySettings> = Object.freeze({
  maxBodyBytes: 1_048_576,
  upstreamTimeoutMs: 10_000,
  connectTimeoutMs: 1_000,
  drainTimeoutMs: 2_000,
})

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const upstream = await startUpstream(options.answer ?? answerOk)
  const testGate = await openTestGate(options.config)
  const upstreamUrl = `http://127.0.0.1:${upstream.port}`
  const settings: GatewaySettings = {
    ...testGate.settings.gateway,
    ...QUICK,
    upstream: upstreamUrl,
    ...options.gateway,
  }
  const { metrics } = options
  const gateway = createGateway({
    ...{ gate: options.wrap?.(testGate.gate) ?? testGate.gate, settings },
    ...(metrics === undefined ? {} : { metrics }),
  })
  const { port } = await gateway.listen({ port: 0, host: '127.0.0.1' })
  return {
    ...testGate,
    gateway,
    port,
    url: `http://127.0.0.1:${port}`,
    upstream,
    async stop() {
      gateway.server.closeAllConnections()
      await gateway.close()
      upstream.server.closeAllConnections()
      await new Promise((resolve) => upstream.server.close(resolve))
      await testGate.gate.close()
    },
  }
}

export async function startUpstream(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<CountingUpstream> {
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    const { method = '', url = '', rawHeaders, headers } = request
    upstream.requests.push({ method, url, rawHeaders: [...rawHeaders], headers })
    request.on('data', (chunk: Buffer) => {
      upstream.bodyBytes += chunk.length
    })
    request.on('error', () => {})
    response.on('error', () => {})
    response.on('close', () => {
      if (!response.writableFinished) upstream.aborted++
    })
    answer(request, response)
  })
  server.on('connection', (socket) => {
    upstream.sockets.add(socket)
    socket.on('close', () => upstream.sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const upstream: CountingUpstream = {
    server,
    port: (server.address() as AddressInfo).port,
    requests: [],
    sockets: new Set(),
    bodyBytes: 0,
    aborted: 0,
  }
  return upstream
}

function answerOk(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  request.on('end', () => {
    response.setHeader('Content-Length', '2')
    response.end('ok')
  })
}
