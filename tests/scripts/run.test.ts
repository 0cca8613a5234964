/** `scripts/run.mjs` in a project of its own, with a task that says what it was given. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'

const TASK = `
if (process.argv[2] === 'wait') {
  process.on('SIGTERM', () => process.exit(9))
  setInterval(() => {}, 1000)
} else process.exitCode = Number(process.argv[2] ?? 0)
console.log(JSON.stringify({ args: process.argv.slice(2), path: process.env['PATH'] }))
`

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'lockgate-run-'))
  mkdirSync(join(root, 'scripts'))
  copyFileSync(new URL('../../scripts/run.mjs', import.meta.url), join(root, 'scripts', 'run.mjs'))
  for (const task of ['check', 'test', 'bench']) {
    writeFileSync(join(root, 'scripts', `${task}.ts`), TASK)
  }
  writeFileSync(join(root, 'package.json'), '{ "name": "x", "version": "1.0.0" }')
  lock('1.0.0')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function lock(version: string): void {
  const packages = { '': { name: 'x', version } }
  const lockfile = { name: 'x', version, lockfileVersion: 3, packages }
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lockfile))
  mkdirSync(join(root, 'node_modules'), { recursive: true })
}

/** A PATH with these programs only, each of which notes how it was called. */
function programs(...names: string[]): { path: string; calls: () => string[] } {
  const path = mkdtempSync(join(root, 'programs-'))
  const log = join(path, 'log')
  for (const name of names) {
    const script = `#!/bin/sh\necho "${name} $*, $SYSTEMD_OFFLINE $RUNLEVEL" >> '${log}'\n`
    writeFileSync(join(path, name), script, { mode: 0o755 })
  }
  return { path, calls: () => readFileSync(log, 'utf8').trim().split('\n') }
}

function start(args: readonly string[], path = process.env['PATH']): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...process.env, PATH: path }
  delete env['npm_execpath']
  return spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), ...args], {
    cwd: tmpdir(),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(...args: string[]) {
  return outcome(start(args))
}

async function outcome(child: ChildProcess) {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('no streams')
  const [[code], out, err] = await Promise.all([once(child, 'close'), text(stdout), text(stderr)])
  return { code, out, err }
}

test('installs first, in one line; then passes arguments, PATH and the exit code through', async () => {
  const { code, out, err } = await run('check', '7', '--json')
  expect(code).toBe(7)
  expect(err).toMatch(/^Installing packages[^\n]*\n$/)
  const seen: { args: string[]; path: string } = JSON.parse(out)
  expect(seen.args).toEqual(['7', '--json'])
  expect(seen.path.startsWith(join(root, 'node_modules', '.bin'))).toBe(true)
})

test('installs again only when the lockfile changed', async () => {
  await run('check')
  expect((await run('check')).err).toBe('')
  lock('1.0.1')
  expect((await run('check')).err).toContain('Installing packages')
})

test('a signal reaches the task, and the task says how it ends', async () => {
  const child = start(['check', 'wait'])
  if (child.stdout === null) throw new Error('no stream')
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([9, null])
})

test('an unknown task is wrong usage', async () => {
  const { code, err } = await run('tset')
  expect(code).toBe(2)
  expect(err).toMatch(/^Usage: .*test\|/)
})

test('without apt-get, one line names the programs that are missing', async () => {
  await run('check')
  const { code, out, err } = await outcome(start(['bench'], programs('wrk').path))
  expect([code, out]).toEqual([1, ''])
  expect(err).toBe(
    'Install these programs first: redis-server (on Debian: apt-get install redis-server)\n',
  )
})

test('PostgreSQL is looked for outside PATH too, and has a package of another name', async () => {
  await run('check')
  const { code, err } = await outcome(
    start(['test'], programs('curl', 'redis-server', 'chromium').path),
  )
  const isInstalled = globSync('/usr/lib/postgresql/*/bin/postgres').length > 0
  const line = 'Install these programs first: postgres (on Debian: apt-get install postgresql)\n'
  expect([code, err]).toEqual(isInstalled ? [0, ''] : [1, line])
})

test.each(['chromium', 'chromium-browser', 'google-chrome'])(
  '%s does as a browser',
  async (name) => {
    await run('check')
    const { path } = programs('curl', 'redis-server', 'postgres', name)
    const { code, err } = await outcome(start(['test'], path))
    expect([code, err]).toEqual([0, ''])
  },
)

test('as a browser it names Chromium, with letters to draw', async () => {
  await run('check')
  const { path } = programs('curl', 'redis-server', 'postgres')
  const { code, err } = await outcome(start(['test'], path))
  expect([code, err]).toEqual([
    1,
    'Install these programs first: chromium (on Debian: apt-get install chromium fonts-dejavu-core)\n',
  ])
})

test('as root it installs what is missing, and the services in it are not started', async () => {
  await run('check')
  const { path, calls } = programs('apt-get', 'wrk')
  const { code, err } = await outcome(start(['bench'], path))
  if (process.getuid?.() !== 0) {
    expect([code, err]).toEqual([1, expect.stringContaining('apt-get install redis-server')])
    return
  }
  expect([code, err]).toEqual([0, 'Installing Debian packages: redis-server ...\n'])
  expect(calls().filter((call) => / (update|install) /.test(call))).toEqual([
    'apt-get update -qq, 1 1',
    'apt-get install -y -qq --no-install-recommends redis-server, 1 1',
  ])
})
