/** No text can make a regular expression of ours take more than linear time (CWE-1333). */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'
import { analyse } from 'scslre'
import { expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'

interface Found {
  readonly place: string
  readonly literal: RegExp
}

/** Not linear, and read only what the operator wrote or what is short: no client reaches them. */
const NEVER_FROM_CLIENTS: readonly string[] = [
  String.raw`src/cli/failure.ts /\s*[\r\n]+\s*/g`,
  'src/cli/output.ts /[ ]+$/gm',
  String.raw`src/cli/price.ts /\B(?=(\d{3})+$)/g`,
  String.raw`src/config/database-url.ts /[?#][\s\S]*$/`,
  String.raw`src/config/http-values.ts /^https?:\/\/[^/]+(.*)$/i`,
  String.raw`src/gateway/upstream.ts /\/+$/`,
]

const computed: string[] = []
const found = globSync('src/**/*.ts', { cwd: ROOT })
  .filter((path) => !/\.(test|soak|test-d)\.ts$/.test(path))
  .flatMap(expressionsOf)

function expressionsOf(path: string): Found[] {
  const { program } = parseSync(path, readFileSync(join(ROOT, path), 'utf8'))
  const expressions: Found[] = []
  const noteComputed = (callee: object): void => {
    if ('name' in callee && callee.name === 'RegExp') computed.push(path)
  }
  new Visitor({
    Literal(node) {
      if (!('regex' in node) || node.regex === undefined) return
      const { pattern, flags } = node.regex
      const literal = new RegExp(pattern, flags)
      expressions.push({ place: `${path} ${String(literal)}`, literal })
    },
    NewExpression: ({ callee }) => noteComputed(callee),
    CallExpression: ({ callee }) => noteComputed(callee),
  }).visit(program)
  return expressions
}

const isLinear = (literal: RegExp): boolean => analyse(literal).reports.length === 0

test('the checker knows good from bad', () => {
  const bad = [/^(a+)+$/, /(a|a)*b/, /\s+$/, /^\s*x?\s*$/, /a.*b.*c/]
  expect(bad.filter(isLinear)).toEqual([])
  expect([/^[a-z]+$/, /^\d{1,3}$/, /[\r\n]/].filter(isLinear)).toHaveLength(3)
})

test('every expression is linear, but for those that no client reaches', () => {
  expect(found.length).toBeGreaterThan(40)
  const slow = found.filter(({ literal }) => !isLinear(literal)).map(({ place }) => place)
  expect(slow.sort()).toEqual([...NEVER_FROM_CLIENTS].sort())
})

test('none is put together at run time, where no checker sees it', () => {
  expect(computed).toEqual([])
})
