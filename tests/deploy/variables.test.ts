/** What stands in several files of the guide, or in them and in the product, is the same in all. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { FOLDER, unknownArguments } from './files.ts'

const names = globSync('**/*', { cwd: FOLDER, exclude: ['kubernetes'] })
const files = ['.env.example', ...names, ...globSync('kubernetes/*', { cwd: FOLDER })]
const texts = [...new Set(files)].map((file): [string, string] => [
  file,
  readFileSync(join(FOLDER, file), 'utf8'),
])
const everywhere = texts.map(([, text]) => text).join('\n')
const known = readFileSync(join(ROOT, 'src/config/environment.ts'), 'utf8')

test('all files are looked at', () => {
  expect(texts.map(([file]) => file)).toEqual(
    expect.arrayContaining(['README.md', '.env.example', 'kubernetes/deployment.yaml']),
  )
})

test('every variable of Lockgate that is named is one that it reads', () => {
  const used = new Set(everywhere.match(/\bLOCKGATE_[A-Z_]+/g))
  expect([...used].filter((name) => !known.includes(`'${name}'`))).toEqual([])
  expect(used.size).toBe(3)
})

test('every option of a command is one that the command has', () => {
  const commands = [
    ...everywhere.matchAll(/(?:(?<!-n )\blockgate|run --rm migrate) ((?:[a-z]+ )+--.*)$/gm),
  ]
  expect(commands.length).toBeGreaterThan(2)
  for (const [, args = ''] of commands) {
    const words = args.replace(/[`|>&;].*$/, '').split(/\s+/)
    expect(unknownArguments(words), args).toEqual([])
  }
})

test('every image has a tag, and none is "latest"', () => {
  const images = [...everywhere.matchAll(/^ *(?:- )?image: (\S+)$/gm)].map(
    ([, image = '']) => image,
  )
  expect(images.filter((image) => !/:[\w.-]+$/.test(image) || image.endsWith(':latest'))).toEqual(
    [],
  )
})
