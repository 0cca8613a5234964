import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from './program.ts'

const namesOf = (command: Command, path: readonly string[] = []): string[] => [
  ...(path.length === 0 ? [] : [command.name()]),
  ...command.options.map(({ long, short }) => long ?? short ?? ''),
  ...command.commands.flatMap((inner) => namesOf(inner, [...path, command.name()])),
]

test('every command and option is in the reference', () => {
  const page = readFileSync(new URL('../../docs/reference/cli.md', import.meta.url), 'utf8')
  const names = new Set(namesOf(createProgram(() => undefined)))
  names.delete('--version')
  expect(names.size).toBeGreaterThan(30)
  expect([...names].filter((name) => !page.includes(name))).toEqual([])
})
