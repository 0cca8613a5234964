import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkPublished, packagesLoadedBy } from '../../scripts/imports/published.ts'
import { checkSources, type ImportRules } from '../../scripts/imports/rules.ts'

const RULES: ImportRules = JSON.parse(
  readFileSync(new URL('../../scripts/import-rules.json', import.meta.url), 'utf8'),
)

const messages = (path: string, text: string): string[] =>
  checkSources(new Map([[path, text]]), RULES).map(({ message }) => message)

describe('each rule refuses what breaks it', () => {
  test.each([
    ['src/core/a.ts', "import { x } from '../engine/x.ts'", 'src/core must not import src/engine'],
    ['src/core/a.ts', "import type { X } from '../engine/x.ts'", 'must not import src/engine'],
    ['src/core/a.ts', "export type { X } from '../http/x.ts'", 'must not import src/http'],
    ['src/core/a.ts', "export * from '../http/x.ts'", 'must not import src/http'],
    ['src/core/a.ts', "type X = import('../http/x.ts').X", 'must not import src/http'],
    ['src/core/a.ts', "const x = await import('../http/x.ts')", 'must not import src/http'],
    ['src/core/a.ts', 'const x = await import(name)', 'must not import a computed path'],
    ['src/core/a.ts', "import { hash } from 'node:crypto'", 'must not import node:crypto'],
    ['src/core/a.ts', "import kysely from 'kysely'", 'must not import kysely'],
    ['src/engine/a.ts', "import '../stores/sqlite/index.ts'", 'must not import src/stores/sqlite'],
    ['src/engine/a.ts', "import '../counters/memory/index.ts'", 'must not import src/counters/me'],
    ['src/engine/a.ts', "import 'node:http'", 'must not import node:http'],
    ['src/engine/a.ts', "import '../http/admit.ts'", 'must not import src/http'],
    ['src/stores/sqlite/a.ts', "import '../../engine/gate.ts'", 'must not import src/engine'],
    ['src/counters/memory/a.ts', "import '../../engine/gate.ts'", 'must not import src/engine'],
    ['src/http/a.ts', "import { x } from '../engine/x.ts'", 'may only import types of src/engine'],
    ['src/http/a.ts', "import express from 'express'", 'must not import express'],
    ['src/middleware/express/a.ts', "import '../../stores/sqlite/a.ts'", 'must not import src/sto'],
    [
      'src/middleware/express/a.ts',
      "import express from 'express'",
      'only import types of express',
    ],
    ['src/middleware/express/a.ts', "import type { X } from 'fastify'", 'must not import fastify'],
    ['src/middleware/express/a.ts', 'x()\n'.repeat(100), '100 lines; files in'],
    ['src/gateway/a.ts', "import '../stores/sqlite/a.ts'", 'must not import src/stores/sqlite'],
    ['src/gateway/a.ts', "import '../testing/index.ts'", 'must not import src/testing'],
    ['src/config/a.ts', "import '../engine/gate.ts'", 'must not import src/engine'],
    ['src/lockgate.ts', "import './http/admit.ts'", 'must not import src/http'],
    ['src/engine/a.ts', "import '../lockgate.ts'", 'must not import src/lockgate.ts'],
    ['src/engine/a.ts', "import '../cli/main.ts'", 'must not import src/cli'],
    ['src/cli/a.ts', "import '../testing/index.ts'", 'must not import src/testing'],
    ['src/cli/a.ts', "await import('../testing/index.ts')", 'must not import src/testing'],
    [
      'src/cli/commands/demo.ts',
      "import { x } from '../demo/x.ts'",
      'src/cli may only load src/cli/demo by import()',
    ],
    ['src/cli/a.ts', "export * from './replay/x.ts'", 'may only load src/cli/replay by import()'],
    ['src/compose/a.ts', "import pg from 'pg'", 'src/compose may only load pg by import()'],
    ['src/lockgate.ts', "await import('pg')", 'must not import pg'],
    ['src/gateway/a.ts', "await import('../cli/demo/x.ts')", 'must not import src/cli/demo'],
    ['src/testing/a.ts', "import '../engine/gate.ts'", 'must not import src/engine'],
    ['src/engine/a.ts', "import './a.test.ts'", 'is a test; nothing published imports it'],
    ['src/utils/a.ts', '', 'no rule names this folder'],
    ['src/stores/mongo/a.ts', '', 'no rule names this folder'],
    ['src/a.ts', '', 'no rule names this folder'],
  ])('%s: %s', (path, text, message) => {
    expect(messages(path, text)).toEqual([expect.stringContaining(message)])
  })
})

describe('core has no effects', () => {
  test.each([
    'Date.now()',
    'new Date()',
    'Date()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'process.exit(1)',
    'Math.random()',
    'performance.now()',
    "fetch('http://127.0.0.1')",
    'globalThis.setTimeout(f, 1)',
    "globalThis['process'].pid",
    'crypto.randomUUID()',
    "console.log('x')",
    'const { random } = Math',
    'const later = { setTimeout }',
  ])('%s', (text) => {
    expect(messages('src/core/a.ts', text)[0]).toContain('src/core must not use')
  })

  test.each([
    'const time = new Date(nowMs)',
    'clock.performance()',
    '({ process: 1 })',
    '// Date.now()',
    "const text = 'process.env'",
    'x?.fetch',
  ])('allows %s', (text) => {
    expect(messages('src/core/a.ts', text)).toEqual([])
  })
})

describe('only the configuration reads the environment', () => {
  const READS = [
    'process.env.HOME',
    "process.env['HOME']",
    "process['env']",
    'globalThis.process.env',
    'const { env } = process',
  ]
  test.each(READS)('%s', (text) => {
    expect(messages('src/engine/a.ts', text)[0]).toContain('must not use process.env')
    expect(messages('src/config/a.ts', text)).toEqual([])
  })

  test('also by import', () => {
    expect(messages('src/cli/a.ts', "import { env } from 'node:process'")[0]).toContain(
      'must not use process.env',
    )
  })
})

describe('what the rules allow', () => {
  test.each([
    ['src/core/crypto.ts', "import { hash } from 'node:crypto'"],
    ['src/core/a.test.ts', "import '../engine/gate.ts'\nsetTimeout(f, 1)"],
    ['src/core/key/a.ts', "import '../limits/limit.ts'"],
    ['src/http/a.ts', "import type { Gate } from '../engine/gate.ts'"],
    ['src/middleware/express/a.ts', "import type { Request } from 'express'"],
    ['src/cli/keys/a.ts', "import '../../lockgate.ts'"],
    ['src/compose/a.ts', "const { Redis } = await import('ioredis')"],
    ['src/compose/a.ts', "import type { Pool } from 'pg'"],
    ['src/cli/commands/a.ts', "const x = await import('../demo/x.ts')"],
    ['src/cli/commands/a.ts', "import type { X } from '../replay/x.ts'"],
    ['src/cli/demo/a.ts', "import '../../testing/fake-openai/index.ts'\nimport '../output.ts'"],
    ['src/cli/replay/a.ts', "import '../../testing/test-clock.ts'"],
  ])('%s: %s', (path, text) => {
    expect(messages(path, text)).toEqual([])
  })
})

describe('published subpaths', () => {
  const EXPORTS = { './express': { default: './dist/middleware/express/index.js' } }
  const rules = (packages: string[]): ImportRules => ({
    ...RULES,
    published: { './express': packages },
  })
  const sources = new Map([
    ['src/middleware/express/index.ts', "import '../../http/a.ts'\nimport type { X } from 'zod'"],
    ['src/http/a.ts', "export * from './b.ts'\nimport { type Y } from 'pino'"],
    [
      'src/http/b.ts',
      "import 'undici'\nimport '@scope/name/deep'\nimport 'node:net'\nimport('pg')",
    ],
  ])

  test('an unlisted package is named with the chain of files to it', () => {
    const [found] = checkPublished(sources, EXPORTS, rules(['pino', '@scope/name']))
    expect(found?.message).toBe(
      './express loads undici: src/middleware/express/index.ts > src/http/a.ts > src/http/b.ts',
    )
  })

  test('type-only and lazy imports load nothing; an import that keeps its statement does', () => {
    const loaded = packagesLoadedBy(sources, 'src/middleware/express/index.ts')
    expect([...loaded.keys()].sort()).toEqual(['@scope/name', 'pino', 'undici'])
  })

  test('a listed package that nothing loads must go', () => {
    const allowed = ['pino', '@scope/name', 'undici', 'zod']
    expect(checkPublished(sources, EXPORTS, rules(allowed)).map((v) => v.message)).toEqual([
      './express no longer loads zod; take it off the list',
    ])
  })

  test('every export is listed and every listed export exists', () => {
    const bare: ImportRules = { ...RULES, published: { './gone': [] } }
    expect(checkPublished(sources, EXPORTS, bare).map((v) => v.message)).toEqual([
      './express is not listed as published',
      'there is no export ./gone',
    ])
  })
})
