import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { freePort } from '../servers/ports.ts'
import { newProject, type Project } from './programs.ts'

let project: Project
beforeAll(() => {
  project = newProject()
})
afterAll(() => project.remove())

const lockgate = (...args: string[]) => project.run('npx', '--no-install', 'lockgate', ...args)

test('npx lockgate --help lists the commands, on stdout', async () => {
  const { code, stdout, stderr } = await lockgate('--help')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const command of ['init', 'serve', 'keys', 'audit', 'tiers', 'doctor', 'demo', 'replay']) {
    expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, 'm'))
  }
})

test('npx lockgate --version is the version of the package', async () => {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  )
  expect(await lockgate('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

test('an unknown command is wrong usage, in one line', async () => {
  const { code, stdout, stderr } = await lockgate('sevre')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^[^\n]*serve[^\n]*\n$/)
})

test('init, keys create, serve: a request with the key reaches the upstream', async () => {
  const init = await lockgate('init')
  expect(init).toMatchObject({ code: 0 })
  expect(existsSync(join(project.folder, 'lockgate.config.ts'))).toBe(true)
  expect(existsSync(join(project.folder, 'lockgate.db'))).toBe(true)
  expect(init.stdout).toMatch(/_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}\b/)

  const upstream = createServer((req, res) => {
    res.end(`${req.headers['x-lockgate-owner']}${req.headers['x-api-key'] ?? ''}`)
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const address = upstream.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const created = await lockgate('keys', 'create', '--owner', 'ada@example.com', '--json')
  const { key }: { key: string } = JSON.parse(created.stdout)

  const port = await freePort()
  const ports = ['--port', String(port), '--admin-port', String(await freePort())]
  const target = ['--upstream', `http://127.0.0.1:${address.port}`]
  const serve = ['--no-install', 'lockgate', 'serve', ...target, ...ports]
  const server = await project.start('npx', serve, new RegExp(String(port)))
  const answer = await answerOf(`http://127.0.0.1:${port}/v1`, key)
  expect(answer).toBe('ada@example.com')
  expect(server.output()).not.toContain(key)
  await server.stop()
  upstream.close()
})

test('replay plays the night with the clock and the fake LLM that are packed', async () => {
  const { code, stdout, stderr } = await lockgate(
    'replay',
    '--json',
    '--only',
    'open',
    'one-key-capped',
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { ok, scenarios } = JSON.parse(stdout)
  const reached = scenarios.map(({ scraper }: { scraper: { reached: number } }) => scraper.reached)
  expect({ ok, reached }).toEqual({
    ...{ ok: true, reached: [47_200, 151] },
  })
}, 300_000)

test('demo --once meets every answer it expects', async () => {
  const { code, stdout, stderr } = await lockgate('demo', '--once', '--port', '0')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('Everything as expected.')
})

/** The first answer of a server that is starting. */
async function answerOf(url: string, key: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await (await fetch(url, { headers: { 'x-api-key': key } })).text()
    } catch (error) {
      if (attempt === 100) throw error
      await sleep(50)
    }
  }
}
