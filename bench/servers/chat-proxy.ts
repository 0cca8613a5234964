/**
 * What stands between a client and a fixed chat completion, of the kind that the first argument names;
 * `slow` as the second makes streams slow. SIGUSR2 collects garbage, for who measures memory.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGateway } from '../../src/gateway/index.ts'
import { freePort } from '../../tests/servers/ports.ts'
import { MEASURED_CORE } from '../pin.ts'
import { say } from './announce.ts'
import { bareProxy } from './bare-proxy.ts'
import { openMeteredGate } from './open-gate.ts'
import { startUpstream } from './upstream-process.ts'

const CONNECTIONS = 4_096
const PATH = '/v1/chat/completions'
const BODY = JSON.stringify({
  model: 'gpt-4o-mini',
  messages: [
    { role: 'system', content: 'You tidy up text.' },
    { role: 'user', content: 'teh report is late ,and so is the mail taht was to say so' },
  ],
  max_tokens: 200,
})
const JSON_BODY = 'Content-Type: application/json'

const [, , kind, pace = 'quick'] = process.argv
const upstream = await startUpstream('chat-upstream.ts', pace)
setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')
process.on('SIGUSR2', () => typeof collect === 'function' && collect())

switch (kind) {
  case 'undici': {
    const server = bareProxy(upstream, CONNECTIONS)
    if (!server.listening) await once(server, 'listening')
    const address = server.address()
    tell(typeof address === 'object' ? (address?.port ?? 0) : 0, ['Authorization: Bearer none'])
    break
  }
  case 'lockgate':
    await lockgateServer()
    break
  case 'portkey':
    await portkeyServer()
    break
  default:
    throw new Error('one of: undici, lockgate, portkey')
}

function tell(port: number, headers: readonly string[]): void {
  say({ url: `http://127.0.0.1:${port}${PATH}`, headers: [JSON_BODY, ...headers], body: BODY })
}

async function lockgateServer(): Promise<void> {
  const { gate, key, settings } = await openMeteredGate(upstream)
  const gateway = createGateway({ gate, settings })
  const { port } = await gateway.listen({ port: 0, host: '127.0.0.1' })
  tell(port, [`Authorization: Bearer ${key}`])
}

/** As it is published, in a process of its own on the same core. */
async function portkeyServer(): Promise<void> {
  const path = fileURLToPath(import.meta.resolve('@portkey-ai/gateway/build/start-server.js'))
  const port = await freePort()
  const command = ['-c', String(MEASURED_CORE), process.execPath, path]
  const child = spawn('taskset', [...command, `--port=${port}`, '--headless'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  process.once('exit', () => child.kill())
  const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${upstream}/v1` }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/`)
      break
    } catch {
      await sleep(50)
    }
  }
  tell(port, ['Authorization: Bearer none', ...lines])
}
