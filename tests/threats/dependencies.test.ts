/** Whose code runs in production and at installation: a list, so that growth is a decision. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly hasInstallScript?: boolean
  readonly integrity?: string
  readonly link?: boolean
  readonly license?: string
}

interface Manifest extends Locked {
  readonly scripts: Readonly<Record<string, string>>
  readonly allowScripts: Readonly<Record<string, boolean>>
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
const manifest = readJson<Manifest>('package.json')
const { packages } = readJson<{ packages: Record<string, Locked> }>('package-lock.json')

/** Every package that an installation of ours brings, native builds of one package counted once. */
const EXPECTED = [
  '@colors/colors',
  '@node-rs/argon2',
  '@node-rs/bcrypt',
  '@opentelemetry/api',
  '@pinojs/redact',
  'ansi-regex',
  'atomic-sleep',
  'bintrees',
  'cli-table3',
  'commander',
  'emoji-regex',
  'fastest-levenshtein',
  'ipaddr.js',
  'is-fullwidth-code-point',
  'kysely',
  'nodemailer',
  'on-exit-leak-free',
  'pino',
  'pino-abstract-transport',
  'pino-std-serializers',
  'process-warning',
  'prom-client',
  'quick-format-unescaped',
  'real-require',
  'safe-stable-stringify',
  'sonic-boom',
  'split2',
  'string-width',
  'strip-ansi',
  'tdigest',
  'thread-stream',
  'undici',
  'zod',
  'zod-openapi',
]
const LICENSES = new Set(['MIT', 'MIT-0', 'ISC', 'BSD-3-Clause', 'Apache-2.0', '0BSD'])

/** Where npm put `name` for the package at `from`: as near to it as there is one. */
function placeOf(name: string, from: string): string | undefined {
  const inside = `${from}/node_modules/${name}`
  if (packages[inside] !== undefined) return inside
  const place = `node_modules/${name}`
  return packages[place] === undefined ? undefined : place
}

function productionTree(): Map<string, Locked> {
  const tree = new Map<string, Locked>()
  const visit = (from: string, dependencies: Readonly<Record<string, string>> = {}): void => {
    for (const name of Object.keys(dependencies)) {
      const place = placeOf(name, from)
      const locked = place === undefined ? undefined : packages[place]
      if (place === undefined || locked === undefined || tree.has(place)) continue
      tree.set(place, locked)
      visit(place, { ...locked.dependencies, ...locked.optionalDependencies })
    }
  }
  visit('', manifest.dependencies)
  return tree
}

const tree = productionTree()
const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 13)
/** `@node-rs/argon2-linux-x64-gnu` and the like, and what their build for WebAssembly brings. */
const isNativeBuild = (name: string): boolean =>
  /^@node-rs\/(argon2|bcrypt)-/.test(name) || /^(@napi-rs|@emnapi|@tybys|tslib)/.test(name)

test('production brings these packages and no others', () => {
  const names = [...tree.keys()].map(nameOf).filter((name) => !isNativeBuild(name))
  expect([...new Set(names)].sort()).toEqual(EXPECTED)
})

test('none of them runs anything when it is installed, and all have a licence that allows use', () => {
  for (const [place, { hasInstallScript = false, license = '' }] of tree) {
    expect({ place, hasInstallScript, allowed: LICENSES.has(license) }).toEqual({
      ...{ place, hasInstallScript: false, allowed: true },
    })
  }
})

test('every package is locked to its content', () => {
  const loose = Object.entries(packages)
    .filter(([place, { link }]) => place.includes('node_modules/') && link !== true)
    .filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))
  expect(loose).toEqual([])
})

test('installing the checkout runs no script of ours, and one of others: the Node that tests use', () => {
  const lifecycle = Object.keys(manifest.scripts).filter((name) =>
    /^(pre|post)?(install|prepare|publish|pack)$|^prepublishOnly$/.test(name),
  )
  expect(lifecycle).toEqual([])
  expect(manifest.allowScripts).toEqual({ node: true })
})
