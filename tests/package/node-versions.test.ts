/** The package on the oldest Node that it promises, and on the newest. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeOf } from './node-versions.ts'
import { newProject, type Project } from './programs.ts'

const CONSUMER = `import express from 'express'
import { lockgate } from 'lockgate'
import { guard } from 'lockgate/express'
import 'lockgate/gateway'
import 'lockgate/testing'

const gate = await lockgate({ config: { keys: { hash: 'bcrypt' } } })
const { key } = await gate.keys.issue({ owner: 'ada@example.com' })
const app = express()
app.use(guard(gate))
app.get('/', (req, res) => res.send(req.lockgate.owner))
const server = app.listen(0, '127.0.0.1', async () => {
  const url = \`http://127.0.0.1:\${server.address().port}/\`
  console.log(await (await fetch(url, { headers: { 'x-api-key': key } })).text())
  server.close()
  server.closeAllConnections()
  await gate.close()
})
`

describe.each(['22.18.0', '26'])('Node %s', (version) => {
  let project: Project
  beforeAll(() => {
    project = newProject(nodeOf(version))
  })
  afterAll(() => project.remove())

  test('an app behind the guard answers', async () => {
    project.write('app.js', CONSUMER)
    const node = await project.run('node', '--version')
    expect(node.stdout).toMatch(new RegExp(`^v${version}`))
    expect(await project.run('node', 'app.js')).toMatchObject({
      code: 0,
      stdout: 'ada@example.com\n',
    })
  })

  test('the program reads its configuration and makes a key', async () => {
    const lockgate = ['--no-install', 'lockgate']
    expect(await project.run('npx', ...lockgate, 'init')).toMatchObject({ code: 0 })
    const create = [...lockgate, 'keys', 'create', '--owner', 'ada@example.com', '--json']
    const { code, stdout } = await project.run('npx', ...create)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ owner: 'ada@example.com', status: 'active' })
  })
})
