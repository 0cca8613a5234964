import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { crashText } from './crash.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const KEY = `sk_live_7Hq2mZ9x_${'aB3dE5gH7j'.repeat(5).slice(0, 49)}`

/** `failure` runs in the program a moment after its start; `CANARY` is a secret. */
function crash(failure: string) {
  const folder = mkdtempSync(join(tmpdir(), 'lockgate-crash-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const hook = join(folder, 'hook.mjs')
  writeFileSync(hook, `setTimeout(() => { ${failure} }, 0)\nconst { CANARY, KEY } = process.env\n`)
  const env = { PATH: process.env['PATH'] ?? '', CANARY: 'canary', KEY }
  const args = ['--import', hook, MAIN, 'audit', 'tail']
  return spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' })
}

test('an error that nobody caught ends the program, with where it came from and no secret', () => {
  const { status, stderr } = crash(`
    const cause = Object.assign(new Error('inner ' + KEY), { auth: { pass: CANARY } })
    const text = 'smtp://ada:' + CANARY + '@mail'
    throw Object.assign(new Error(text, { cause }), { options: CANARY })`)
  expect(status).toBe(1)
  expect(stderr).toContain('Error: smtp://***@mail')
  expect(stderr).toContain('caused by Error: inner sk_live_7Hq2mZ9x_…')
  expect(stderr).toMatch(/\n +at /)
  expect(stderr).not.toContain('canary')
  expect(stderr).not.toContain(KEY.slice(-20))
})

test('a promise that nobody waited for does the same', () => {
  const { status, stderr } = crash('Promise.reject({ password: CANARY })')
  expect(status).toBe(1)
  expect(stderr).toContain('please report it')
  expect(stderr).not.toContain('canary')
})

test('causes that go in a circle come to an end', () => {
  const error = new Error('round')
  error.cause = error
  expect(crashText(error).match(/Error: round/g)?.length).toBe(5)
})
