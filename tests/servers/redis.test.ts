/** What `redis.ts` promises, and that no server outlives the process that started it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { until } from './child.ts'
import { startRedis, testRedis } from './redis.ts'
import { ask } from './redis-node.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function folderOf(port: number): Promise<string> {
  const reply = await ask(port, 'CONFIG', 'GET', 'dir')
  return Array.isArray(reply) ? String(reply[1]) : ''
}

test('a killed server is gone; started again it has its port and no data', async () => {
  const redis = await startRedis()
  const { pid } = redis
  await ask(redis.port, 'SET', 'a', '1')
  await redis.kill()
  expect(isAlive(pid)).toBe(false)
  await expect(ask(redis.port, 'PING')).rejects.toThrow()
  await redis.start()
  expect(redis.pid).not.toBe(pid)
  expect(await ask(redis.port, 'GET', 'a')).toBe(null)
  await redis.stop()
})

test('a paused server answers nothing until it is resumed', async () => {
  const redis = await startRedis()
  redis.pause()
  await expect(ask(redis.port, 'PING')).rejects.toThrow('timed out')
  redis.resume()
  expect(await ask(redis.port, 'PING')).toBe('PONG')
  redis.pause()
  await redis.stop()
  expect(() => redis.pid).toThrow('not running')
})

test('stop leaves no process and no folder, and may be called again', async () => {
  const redis = await startRedis({ args: ['--appendonly', 'yes'] })
  const { pid } = redis
  const folder = await folderOf(redis.port)
  expect(existsSync(folder)).toBe(true)
  await Promise.all([redis.stop(), redis.stop()])
  await redis.stop()
  expect(isAlive(pid)).toBe(false)
  expect(existsSync(folder)).toBe(false)
})

test('a process that is killed takes its servers and their folders along', async () => {
  const code = `
    const { startRedis } = await import(${JSON.stringify(new URL('./redis.ts', import.meta.url))})
    const { pid, port } = await startRedis()
    console.log(JSON.stringify({ pid, port }))
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(owner.stdout, 'data')
  const { pid, port } = JSON.parse(String(line))
  const folder = await folderOf(port)
  owner.kill('SIGKILL')
  await until('the folder is gone', async () => !existsSync(folder))
  await expect(ask(port, 'PING')).rejects.toThrow()
  expect(isAlive(pid)).toBe(false)
})

test('a server that does not come up says why, and leaves nothing', async () => {
  await expect(startRedis({ args: ['--nonsense', '1'] })).rejects.toThrow('nonsense')
  const redis = await startRedis()
  await expect(startRedis({ port: redis.port })).rejects.toThrow('in use')
  await redis.stop()
})

test('a missing program names its package, and leaves nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockgate-empty-'))
  vi.stubEnv('TMPDIR', folder)
  vi.stubEnv('PATH', '/nowhere')
  await expect(startRedis()).rejects.toThrow(
    /^redis-server is not installed; on Debian: apt-get install redis-server$/,
  )
  // Not recursive, so it fails when something is in it.
  rmdirSync(folder)
})

test('LOCKGATE_TEST_REDIS_URL is used as it is, and its server left running', async () => {
  const theirs = await startRedis()
  vi.stubEnv('LOCKGATE_TEST_REDIS_URL', theirs.url)
  const { url, stop } = await testRedis()
  expect(url).toBe(theirs.url)
  await stop()
  expect(await ask(theirs.port, 'PING')).toBe('PONG')
  vi.stubEnv('LOCKGATE_TEST_REDIS_URL', '')
  const ours = await testRedis()
  expect(ours.url).not.toBe(theirs.url)
  await Promise.all([ours.stop(), theirs.stop()])
})
