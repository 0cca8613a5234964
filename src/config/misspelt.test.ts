/** A typo must not fail open: every member, misspelt, is refused by path with the nearest member. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { pathText } from './problems.ts'
import { resolveSettings } from './resolve-settings.ts'
import { configSchema } from './schema.ts'

type Schema = z.core.$ZodType

/** Every member of the schema with the path to it: a record's member is called `x`, a list's 0. */
function membersOf(schema: Schema, path: readonly PropertyKey[] = []): PropertyKey[][] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape).flatMap(([name, inner]) => [
        [...path, name],
        ...membersOf(inner, [...path, name]),
      ])
    case 'optional':
      return membersOf(def.innerType, path)
    case 'pipe':
      return membersOf(def.in, path)
    case 'array':
      return membersOf(def.element, [...path, 0])
    case 'record':
      return membersOf(def.valueType, [...path, 'x'])
    case 'union':
      return def.options.flatMap((option) => membersOf(option, path))
    default:
      return []
  }
}

/** A configuration whose only content is `name` at the place of the last part of `path`. */
function configWith(path: readonly PropertyKey[], name: string): unknown {
  return path
    .slice(0, -1)
    .reduceRight<unknown>(
      (inner, part) => (typeof part === 'number' ? [inner] : { [part]: inner }),
      { [name]: 1 },
    )
}

function misspellings(name: string): string[] {
  const middle = Math.max(1, Math.floor(name.length / 2))
  const dropped = name.slice(0, middle) + name.slice(middle + 1)
  const doubled = name.slice(0, middle) + name.slice(middle - 1)
  return [dropped, doubled, `${name}s`, name.toUpperCase()].filter((typo) => typo !== name)
}

const MEMBERS = membersOf(configSchema)
const page = readFileSync(new URL('../../docs/reference/configuration.md', import.meta.url), 'utf8')

describe('a misspelt member is refused by path, with the nearest member', () => {
  test('the walk finds members at every depth', () => {
    const paths = MEMBERS.map((path) => pathText(path))
    expect(paths).toContain('upstream')
    expect(paths).toContain('ip.trustedProxies')
    expect(paths).toContain('tiers.x.limits[0].burst.extra')
    expect(paths).toContain('routes[0].limits[0].window')
    expect(paths.length).toBeGreaterThan(60)
  })

  test.each(MEMBERS.map((path) => [pathText(path), path] as const))('%s', (_text, path) => {
    const name = String(path.at(-1))
    for (const typo of misspellings(name)) {
      const typed = pathText([...path.slice(0, -1), typo])
      const expected = `${typed} is not a known member; did you mean "${name}"?`
      expect(() => resolveSettings(configWith(path, typo), {})).toThrow(expected)
    }
  })

  test('every member is in the reference', () => {
    const names = MEMBERS.map((path) => String(path.at(-1)))
    const named = new Set(page.split(/[`.]/))
    const unnamed = names.filter((name) => !named.has(name))
    expect(unnamed).toEqual([])
  })

  test('every variable of the environment is in the reference', () => {
    const source = readFileSync(new URL('environment.ts', import.meta.url), 'utf8')
    const names = [...new Set(source.match(/LOCKGATE_[A-Z_]+/g))]
    expect(names.length).toBeGreaterThan(4)
    expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([])
  })

  test('a member like no other gets the list of those that are known', () => {
    expect(() => resolveSettings({ keys: { zzzzzzzzzz: 1 } }, {})).toThrow(
      'keys.zzzzzzzzzz is not a known member; known here: prefix, hash, argon2id, bcrypt, hashing',
    )
  })

  test.each([
    '{"__proto__":{}}',
    '{"tiers":{"__proto__":{"limits":[]}}}',
    '{"ip":{"__proto__":1}}',
  ])('a member named __proto__ is refused: %s', (text) => {
    expect(() => resolveSettings(JSON.parse(text), {})).toThrow('__proto__ is not a known member')
  })
})
