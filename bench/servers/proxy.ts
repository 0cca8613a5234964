/** A reverse proxy of the kind that the argument names, before an upstream that answers 2 bytes. */
import type { Server } from 'node:http'
import fastifyProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { createGateway } from '../../src/gateway/index.ts'
import { announce } from './announce.ts'
import { bareProxy } from './bare-proxy.ts'
import { openBenchGate } from './open-gate.ts'
import { startUpstream } from './upstream-process.ts'

const upstream = await startUpstream('two-bytes.ts')

switch (process.argv[2]) {
  case 'undici':
    await announce(bareProxy(upstream))
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
