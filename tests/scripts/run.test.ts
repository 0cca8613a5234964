/** `scripts/run.mjs` in a project of its own, with a task that says what it was given. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
  writeFileSync(join(root, 'scripts', 'check.ts'), TASK)
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

function start(...args: string[]): ChildProcess {
  const env = { ...process.env }
  delete env['npm_execpath']
  return spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), ...args], {
    cwd: tmpdir(),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(...args: string[]) {
  const child = start(...args)
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
  const child = start('check', 'wait')
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
