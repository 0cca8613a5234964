import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type KeyServer, startKeyServer } from '../../../../tests/threats/github-reports.ts'
import { fetchBounded } from './fetch-bounded.ts'

let server: KeyServer
beforeEach(async () => {
  server = await startKeyServer('the list')
})
afterEach(() => server.close())

test('a 200 is its text', async () => {
  expect(await fetchBounded(server.url)).toBe('the list')
})

test.each([204, 304, 403, 429, 500])('%i is none', async (status) => {
  server.answer(status, '')
  await expect(fetchBounded(server.url)).rejects.toThrow(`the server answered ${status}`)
})

test('a redirect is not followed, to wherever it leads', async () => {
  server.answer(302, '', { location: server.url })
  await expect(fetchBounded(server.url)).rejects.toThrow()
  expect(server.fetches()).toBe(1)
})

test('too much is refused, also where it arrives compressed', async () => {
  const large = Buffer.alloc(10 * 1024 * 1024, 'a')
  server.answer(200, large)
  await expect(fetchBounded(server.url)).rejects.toThrow('larger than')
  server.answer(200, gzipSync(large), { 'content-encoding': 'gzip' })
  await expect(fetchBounded(server.url)).rejects.toThrow('larger than')
})

test('a server that says nothing is given up', async () => {
  server.hang()
  await expect(fetchBounded(server.url, 100)).rejects.toThrow('timeout')
})

test('bytes that are no UTF-8 are no text', async () => {
  server.answer(200, Buffer.of(0xff, 0xfe))
  await expect(fetchBounded(server.url)).rejects.toThrow()
})
