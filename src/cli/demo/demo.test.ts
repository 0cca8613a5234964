import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newFolder, until } from '../../../tests/cli/command-line.ts'
import { Ledger } from './ledger.ts'
import { freePort } from './ports.ts'
import { assemble } from './teardown.ts'

/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 60_000 }

describe('lockgate demo', SLOW, () => {
  test('--once meets every answer it expects, whatever the folder is configured to', async () => {
    const folder = newFolder({ 'lockgate.config.json': '{"databaseUrl":"sqlite:./mine.db"}' })
    const { code, out, err } = await folder.run('demo', '--once', '--port', '0')
    expect(out).toContain('Everything as expected')
    expect(out).not.toContain('WRONG')
    for (const said of [
      ...['401 missing_key', '401 invalid_key', '403 insufficient_scope', '72 admitted'],
      ...['429 rate_limited', 'owners-llm-credential', 'intact', 'in 1 chain\n'],
    ]) {
      expect(out).toContain(said)
    }
    expect(out.split('\n').every((line) => line.length <= 80)).toBe(true)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(existsSync(folder.file('mine.db'))).toBe(false)
  })

  test('works as pasted, follows the audit log and leaves nothing behind', async () => {
    const demo = newFolder().start('demo', '--port', '0')
    await until(() => demo.out().includes('Ctrl-C'), 'the guide')
    const said = demo.out()
    const pasted = said.slice(said.indexOf('KEY='), said.indexOf('2. Then try'))
    const { stdout } = spawnSync('sh', ['-c', pasted], { encoding: 'utf8' })
    expect(JSON.parse(stdout).choices[0].message.content).toBe('The report, is late!')
    await until(() => demo.out().includes('key.created'), 'the audit log')
    demo.child.kill('SIGINT')
    const { code, out, err } = await demo.ended
    expect(out).toContain('Calls that reached the LLM: 1.')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const database = /^export LOCKGATE_DATABASE_URL=sqlite:(.+)$/m.exec(out)?.[1] ?? ''
    expect(database).toContain('lockgate-demo-')
    expect(existsSync(dirname(database))).toBe(false)
  })
})

test('a step that differs from what is expected counts as wrong', () => {
  const lines: string[] = []
  const ledger = new Ledger((line) => lines.push(line))
  ledger.step('a', '200', '200')
  ledger.step('b', '200', '500')
  ledger.step('c', '1 or more', '0', false)
  expect(ledger.wrong).toBe(2)
  expect(lines.filter((line) => line.includes('WRONG'))).toHaveLength(2)
})

test('a taken port is passed over', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  expect(await freePort(port, '127.0.0.1')).toBeGreaterThan(port)
  taken.close()
})

test('what was open when building failed is closed, newest first, whatever else fails', async () => {
  const closed: string[] = []
  const building = assemble(async (teardown) => {
    teardown.add(() => closed.push('database'))
    teardown.add(() => Promise.reject(new Error('cannot be closed')))
    teardown.add(() => closed.push('gateway'))
    throw new Error('the port is taken')
  })
  await expect(building).rejects.toThrow('the port is taken')
  expect(closed).toEqual(['gateway', 'database'])
})
