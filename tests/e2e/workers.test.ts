/** `lockgate serve --workers 2` on a real Redis: several processes that are one gate. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Folder, newFolder, type Running, until } from '../cli/command-line.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'

const QUOTA = 20
const CONFIG = JSON.stringify({
  keys: { argon2id: { memoryKiB: 64, passes: 1 } },
  gateway: { drainDelay: '1s' },
  tiers: { free: { limits: [{ name: 'minute', quota: QUOTA, window: '1m' }] } },
})

let redis: RedisServer
let upstream: Server
let upstreamUrl: string
beforeAll(async () => {
  redis = await startRedis()
  upstream = createServer((req, res) => {
    if (req.url !== '/slow') return res.end('done')
    res.write('begun ')
    return setTimeout(() => res.end('done'), 800)
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterAll(async () => {
  upstream.closeAllConnections()
  upstream.close()
  await redis.stop()
})

interface Serving {
  readonly folder: Folder
  readonly running: Running
  readonly url: string
  readonly healthUrl: string
  readonly headers: { readonly authorization: string }
}

async function serveTwo(): Promise<Serving> {
  const folder = newFolder({ 'lockgate.config.json': CONFIG })
  const env = { LOCKGATE_REDIS_URL: redis.url }
  const { out } = await folder.run('keys', 'create', '--owner', 'ada@example.com', '--json')
  const ports = ['--port', '0', '--admin-port', '0']
  const args = ['serve', '--workers', '2', '--upstream', upstreamUrl, ...ports]
  const running = folder.startWith(env, ...args)
  const line = /gateway on (\S+) in front of \S+ by 2 workers; health on (\S+)/
  await until(() => line.test(running.err()) || running.child.exitCode !== null, 'serve')
  const [, url = '', healthUrl = ''] = line.exec(running.err()) ?? []
  const headers = { authorization: `Bearer ${JSON.parse(out).key}` }
  return { folder, running, url, healthUrl, headers }
}

function childrenOf({ child }: Running): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map(Number)
}

interface Health {
  readonly reasons: readonly string[]
}

async function health(url: string): Promise<Health> {
  return (await (await fetch(url)).json()) as Health
}

/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 120_000 }

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

describe('serve --workers 2', SLOW, () => {
  test('they enforce one limit together, print each audit row once, and drain', async () => {
    const { running, url, healthUrl, headers } = await serveTwo()
    expect(await health(healthUrl)).toMatchObject({ status: 'ready', workers: 2 })
    const calls = Array.from({ length: QUOTA + 10 }, () => fetch(url, { headers }))
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(QUOTA)
    expect(statuses.filter((status) => status === 429)).toHaveLength(10)

    running.child.kill('SIGTERM')
    const { code, out } = await running.ended
    expect(code).toBe(0)
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(new Set(rows.map(({ chain, seq }) => `${chain} ${seq}`)).size).toBe(rows.length)
    const refused = rows.filter(({ event }) => event === 'limit.exceeded')
    expect(refused.reduce((sum, { count }) => sum + count, 0)).toBe(10)
  })

  test('a worker that dies comes back, and a request after SIGTERM is served in the delay', async () => {
    const { running, url, healthUrl, headers } = await serveTwo()
    const [first = 0] = childrenOf(running)
    process.kill(first, 'SIGKILL')
    await until(() => running.err().includes('a worker died'), 'the death')
    while ((await health(healthUrl)).reasons.length > 0) await pause(50)
    expect(childrenOf(running)).not.toContain(first)

    running.child.kill('SIGTERM')
    await until(() => running.err().includes('stopping soon'), 'the signal')
    expect((await fetch(healthUrl)).status).toBe(503)
    const response = await fetch(`${url}/slow`, { headers })
    expect(await response.text()).toBe('begun done')
    expect((await running.ended).code).toBe(0)
  })

  test('workers that keep dying end the whole', async () => {
    const { running } = await serveTwo()
    while (running.child.exitCode === null) {
      for (const pid of childrenOf(running)) killIfThere(pid)
      await pause(20)
    }
    const { code, err } = await running.ended
    expect(code).toBe(1)
    expect(err.trimEnd().split('\n').at(-1)).toContain('five workers died within 10 s')
  })

  test('the port in use is one line, whichever process meets it', async () => {
    const folder = newFolder({ 'lockgate.config.json': CONFIG })
    const port = new URL(upstreamUrl).port
    const args = ['--upstream', upstreamUrl, '--port', port, '--admin-port', '0', '--workers', '2']
    const { code, err } = await folder.runWith({ LOCKGATE_REDIS_URL: redis.url }, 'serve', ...args)
    expect(code).toBe(1)
    expect(err).toContain(`lockgate: 127.0.0.1:${port}: the port is in use`)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })

  test('workers without Redis are wrong usage: each would count by itself', async () => {
    const folder = newFolder({ 'lockgate.config.json': CONFIG })
    const { code, err } = await folder.run('serve', '--workers', '2', '--upstream', upstreamUrl)
    expect(code).toBe(2)
    expect(err).toBe(
      'lockgate: --workers 2 needs Redis, because each worker would count by itself: set LOCKGATE_REDIS_URL\n',
    )
  })
})
