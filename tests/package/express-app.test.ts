import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { freePort } from '../servers/ports.ts'
import { newProject, type Project } from './programs.ts'

/** The few lines that put a gate into an app, as a user copies them. */
const app = (port: number): string => `import express from 'express'
import { lockgate } from 'lockgate'
import { guard } from 'lockgate/express'

const app = express()
const gate = await lockgate()
app.use('/v1', guard(gate, { scope: 'write' }))
app.post('/v1/clean', (req, res) => res.json({ owner: req.lockgate.owner }))
app.listen(${port}, '127.0.0.1', () => console.log('listening'))
`

const TSC = join(ROOT, 'node_modules', '.bin', 'tsc')
const COMPILER = ['--noEmit', '--strict', '--skipLibCheck', '--types', 'node', '--ignoreConfig']
const MODULES = ['--module', 'nodenext', '--target', 'es2024']

describe.each(['app.js', 'app.ts'])('an Express app in %s', (file) => {
  let project: Project
  let url = ''
  beforeAll(async () => {
    project = newProject()
    const port = await freePort()
    project.write(file, app(port))
    url = `http://127.0.0.1:${port}/v1/clean`
    await project.start('node', [file], /listening/)
  })
  afterAll(() => project.remove())

  test('lets a key of its own database in, and nobody else', async () => {
    const owner = 'ada@example.com'
    const create = ['--no-install', 'lockgate', 'keys', 'create', '--json', '--scopes', 'write']
    const created = await project.run('npx', ...create, '--owner', owner)
    expect(created).toMatchObject({ code: 0 })
    const { key }: { key: string } = JSON.parse(created.stdout)

    const admitted = await fetch(url, { method: 'POST', headers: { 'x-api-key': key } })
    expect(admitted.status).toBe(200)
    expect(await admitted.json()).toEqual({ owner })
    expect((await fetch(url, { method: 'POST' })).status).toBe(401)
  })
})

test('the app in TypeScript compiles under strict', async () => {
  const project = newProject()
  project.write('app.ts', app(8080))
  const { stdout } = await project.run(TSC, ...COMPILER, ...MODULES, 'app.ts')
  await project.remove()
  expect(stdout).toBe('')
})
