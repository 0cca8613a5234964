import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Folder, newFolder, type Running, until } from '../../tests/cli/command-line.ts'

const CONFIG = { keys: { argon2id: { memoryKiB: 64, passes: 1 } } }
/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 60_000 }
let upstream: Server
let upstreamUrl: string

beforeAll(async () => {
  upstream = createServer((req, res) => {
    if (req.url !== '/slow') return res.end('done')
    res.write('begun ')
    return setTimeout(() => res.end('done'), 1500)
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})

afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
})

const newProject = (config: object = {}) =>
  newFolder({ 'lockgate.config.json': JSON.stringify({ ...CONFIG, ...config }) })

interface Served extends Running {
  readonly url: string
  readonly healthUrl: string
}

async function serve(folder: Folder, ...args: string[]): Promise<Served> {
  const ports = ['--port', '0', '--admin-port', '0']
  const running = folder.start('serve', '--upstream', upstreamUrl, ...ports, ...args)
  const line = /gateway on (\S+) in front of \S+ health on (\S+)/
  await until(() => line.test(running.err()) || running.child.exitCode !== null, 'serve')
  const [, url = '', healthUrl = ''] = line.exec(running.err()) ?? []
  return { ...running, url, healthUrl }
}

async function createKey(folder: Folder): Promise<string> {
  const { out } = await folder.run(...'keys create --owner ada@example.com --json'.split(' '))
  return JSON.parse(out).key
}

describe('lockgate serve', SLOW, () => {
  test('lets a key through, prints audit rows as JSON lines, and no secret anywhere', async () => {
    const folder = newProject({
      tiers: { free: { limits: [{ name: 'minute', quota: 2, window: '1m' }] } },
      upstreamHeaders: { authorization: 'Bearer sesame-of-the-upstream' },
    })
    const key = await createKey(folder)
    const served = await serve(folder)
    const statuses: number[] = []
    for (let call = 0; call < 5; call++) {
      const { status } = await fetch(served.url, { headers: { authorization: `Bearer ${key}` } })
      statuses.push(status)
    }
    expect(statuses).toEqual([200, 200, 429, 429, 429])
    served.child.kill('SIGTERM')
    const { code, out, err } = await served.ended
    expect(code).toBe(0)
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const refused = rows.filter(({ event }) => event === 'limit.exceeded')
    expect(refused.reduce((sum, { count }) => sum + count, 0)).toBe(3)
    expect(refused[0]).toMatchObject({
      actor: 'gateway',
      ip: '127.0.0.1',
      key_id: key.slice(8, 16),
    })
    expect(out + err).not.toContain(key.slice(17))
    expect(out + err).not.toContain('sesame')
  })

  test('the admin listener answers health, and nothing else without a key', async () => {
    const { healthUrl } = await serve(newProject())
    const health = await fetch(healthUrl)
    expect(health.status).toBe(200)
    expect(health.headers.get('cache-control')).toBe('no-store')
    expect(await health.json()).toMatchObject({
      ...{ status: 'ready', reasons: [], version: expect.stringMatching(/^\d+\./) },
      checks: { store: { status: 'ok' }, counters: { status: 'ok' }, audit: { status: 'ok' } },
    })
    const other = await fetch(new URL('/v1/keys', healthUrl))
    expect(other.status).toBe(401)
    expect(await other.json()).toMatchObject({ code: 'missing_key' })
    const post = await fetch(healthUrl, { method: 'POST', body: 'x' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('metrics count what the gateway did, for a key with the scope admin', async () => {
    const folder = newProject()
    const key = await createKey(folder)
    const created = await folder.run(
      ...'keys create --owner ops@example.com --tier paid --scopes admin --json'.split(' '),
    )
    const served = await serve(folder)
    await fetch(served.url, { headers: { authorization: `Bearer ${key}` } })
    await fetch(served.url)
    const metricsUrl = new URL('/metrics', served.healthUrl)
    expect((await fetch(metricsUrl)).status).toBe(401)
    const authorization = `Bearer ${JSON.parse(created.out).key}`
    const text = await (await fetch(metricsUrl, { headers: { authorization } })).text()
    expect(text).toContain('lockgate_decisions_total{outcome="allowed",tier="free"} 1\n')
    expect(text).toContain(
      'lockgate_gateway_requests_total{status_class="2xx",route="default"} 1\n',
    )
    expect(text).toContain(
      'lockgate_gateway_requests_total{status_class="4xx",route="default"} 1\n',
    )
    expect(text).toContain('process_resident_memory_bytes')
  })

  test('SIGTERM lets a request in flight finish', async () => {
    const folder = newProject()
    const key = await createKey(folder)
    const served = await serve(folder)
    const headers = { authorization: `Bearer ${key}` }
    const response = await fetch(`${served.url}/slow`, { headers })
    served.child.kill('SIGTERM')
    expect(await response.text()).toBe('begun done')
    expect((await served.ended).code).toBe(0)
  })

  test('with a drainDelay it is not ready at once, and serves new connections until then', async () => {
    const folder = newProject({ gateway: { drainDelay: '2s' } })
    const headers = { authorization: `Bearer ${await createKey(folder)}`, connection: 'close' }
    const served = await serve(folder)
    served.child.kill('SIGTERM')
    await until(() => served.err().includes('stopping soon'), 'the signal')
    expect((await fetch(new URL('/health/ready', served.healthUrl))).status).toBe(503)
    expect((await fetch(served.url, { headers })).status).toBe(200)
    expect((await served.ended).code).toBe(0)
    await expect(fetch(served.url, { headers })).rejects.toThrow()
  })

  test('a second signal does not wait', async () => {
    const folder = newProject()
    const key = await createKey(folder)
    const served = await serve(folder)
    const headers = { authorization: `Bearer ${key}` }
    const response = await fetch(`${served.url}/slow`, { headers })
    served.child.kill('SIGTERM')
    await until(() => served.err().includes('stopping'), 'stopping')
    served.child.kill('SIGTERM')
    expect((await served.ended).code).toBe(1)
    await expect(response.text()).rejects.toThrow()
  })

  test('a port in use is one line and exit code 1', async () => {
    const port = new URL(upstreamUrl).port
    const args = ['serve', '--upstream', upstreamUrl, '--port', port, '--admin-port', '0']
    const { code, out, err } = await newProject().run(...args)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe(
      `lockgate: 127.0.0.1:${port}: the port is in use; choose another with --port or --host\n`,
    )
  })

  test.each([
    ['sqlite:/nowhere/at/all.db', 'cannot open the database sqlite:/nowhere/at/all.db'],
    ['postgres://u:sesame@db.internal/x', 'postgres://***@db.internal/x'],
  ])('a database that cannot be opened: %s', async (url, expected) => {
    const { code, err } = await newProject().runWith(
      { LOCKGATE_DATABASE_URL: url },
      ...['serve', '--upstream', upstreamUrl],
    )
    expect(code).toBe(1)
    expect(err).toContain(expected)
    expect(err).not.toContain('sesame')
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })

  test('a credential made of a variable that is not set', async () => {
    const folder = newFolder({
      'lockgate.config.mjs':
        "export default { upstreamHeaders: { authorization: 'Bearer ' + process.env.NOT_SET } }",
    })
    const { code, err } = await folder.run('serve', '--upstream', upstreamUrl)
    expect(code).toBe(1)
    expect(err).toContain('upstreamHeaders.authorization holds the word "undefined"')
  })

  test('goes on when nobody reads its audit rows any more', async () => {
    const folder = newProject()
    const served = await serve(folder)
    served.child.stdout?.destroy()
    await createKey(folder)
    await until(() => served.err().includes('nobody reads stdout'), 'the warning')
    expect((await fetch(served.healthUrl)).status).toBe(200)
  })
})
