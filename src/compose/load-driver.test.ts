import { expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { loadDriver } from './load-driver.ts'

/** As Node fails for a package that is not there. */
const missing = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /app/x.js`), {
    code: 'ERR_MODULE_NOT_FOUND',
  })

test('a driver that is not installed is one line with the command to run', async () => {
  const load = loadDriver('PostgreSQL', 'pg', () => Promise.reject(missing('pg')))
  await expect(load).rejects.toThrow(ConfigError)
  await expect(load).rejects.toThrow('PostgreSQL needs the package pg: npm install pg')
})

test('a driver that is broken fails as what it is', async () => {
  const load = () => Promise.reject(missing('pg-protocol'))
  await expect(loadDriver('PostgreSQL', 'pg', load)).rejects.toThrow("package 'pg-protocol'")
})
