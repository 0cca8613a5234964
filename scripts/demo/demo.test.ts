import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

const MAIN = join(import.meta.dirname, 'main.ts')
const PORT = '18787'
let child: ChildProcess | undefined
afterEach(() => {
  child?.kill('SIGKILL')
})

test('the walk meets every answer it expects and exits 0', () => {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, '--once', '--port', PORT], {
    encoding: 'utf8',
  })
  expect(stdout).toContain('Everything as expected')
  expect(stdout).not.toContain('WRONG')
  for (const said of ['401 missing_key', '403 insufficient_scope', '72 admitted', 'intact']) {
    expect(stdout).toContain(said)
  }
  expect(stdout.split('\n').every((line) => line.length <= 80)).toBe(true)
  expect(status).toBe(0)
}, 60_000)

test('the demo for a person works as pasted, shows its audit and ends cleanly', async () => {
  const demo = spawn(process.execPath, [MAIN, '--port', PORT], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = demo
  let said = ''
  demo.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await expect.poll(() => said, { timeout: 20_000 }).toContain('Ctrl-C')
  const pasted = said.slice(said.indexOf('KEY='), said.indexOf('2. Then try'))
  expect(spawnSync('sh', ['-c', pasted], { encoding: 'utf8' }).stdout).toBe(
    '{"text":"The report, is late!"}',
  )
  await expect.poll(() => said, { timeout: 20_000 }).toContain('key.created')
  demo.kill('SIGINT')
  const [code] = await once(demo, 'exit')
  expect(said).toContain('Calls that reached the LLM: 1.')
  expect(code).toBe(0)
}, 60_000)

test('wrong usage exits 2', () => {
  for (const args of [['--nonsense'], ['--port', 'x'], ['--port', '0']]) {
    expect(spawnSync(process.execPath, [MAIN, ...args]).status).toBe(2)
  }
}, 60_000)
