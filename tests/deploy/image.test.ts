/** The Dockerfile. No builder runs here: it is parsed as one would, and its health check is run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { validate } from 'dockerfile-utils'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { serviceOf } from './compose.ts'
import { read, unknownArguments } from './files.ts'

const text = read('Dockerfile')
/** One a line: what is continued is joined. */
const instructions = text
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line))
const argumentsOf = (name: string): string[] =>
  instructions.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []))
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')))

interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly devDependencies: Readonly<Record<string, string>>
}
const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

test('is what a builder takes', () => {
  expect(validate(text)).toEqual([])
})

test('is built on a version of Node that Lockgate runs on', () => {
  for (const image of argumentsOf('FROM'))
    expect(image).toMatch(/^node:24-bookworm-slim( AS \w+)?$/)
})

test('installs this version, with the drivers that it is tested with, and runs no script', () => {
  const { version, devDependencies } = manifest
  expect(argumentsOf('ARG')).toEqual([
    `VERSION=${version}`,
    `PG_VERSION=${devDependencies['pg']?.slice(1)}`,
    `IOREDIS_VERSION=${devDependencies['ioredis']?.slice(1)}`,
  ])
  expect(serviceOf('gateway-a').build?.args).toEqual({ VERSION: version })
  expect(serviceOf('gateway-a').image).toBe(`lockgate-gateway:${version}`)
  const [install = ''] = argumentsOf('RUN')
  expect(install).toContain('--omit=dev --ignore-scripts')
})

test('runs as a user without rights, known by number, and stops on SIGTERM', () => {
  expect(lastStage).toContain('USER 1000:1000')
  expect(lastStage.filter((line) => line.startsWith('RUN '))).toEqual([])
  expect(argumentsOf('STOPSIGNAL')).toEqual(['SIGTERM'])
})

test('starts a command that there is', () => {
  expect(argumentsOf('ENTRYPOINT')).toEqual(['["lockgate"]'])
  const [command = '[]'] = argumentsOf('CMD')
  expect(unknownArguments(JSON.parse(command))).toEqual([])
  expect(argumentsOf('EXPOSE')).toEqual(['8787 8788'])
})

describe('the health check', () => {
  const [check = ''] = argumentsOf('HEALTHCHECK')
  const [, script = ''] = /CMD \["node", "-e", "(.*)"\]$/.exec(check) ?? []

  test('asks the admin port whether it is ready', () => {
    expect(script).toContain("'http://127.0.0.1:8788/health/ready'")
  })

  /** With its port moved to where something listens. */
  async function run(port: number): Promise<number> {
    const child = spawn(process.execPath, ['-e', script.replace('8788', String(port))])
    const [code] = await once(child, 'exit')
    return code
  }

  test.each([
    [200, 0],
    [503, 1],
  ])('%i ends it with %i', async (status, code) => {
    const server = createServer((_request, response) => {
      response.statusCode = status
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    expect(await run((server.address() as AddressInfo).port)).toBe(code)
    server.closeAllConnections()
    server.close()
  })

  test('nobody there ends it with 1', async () => {
    expect(await run(1)).toBe(1)
  })
})
