/**
 * Every fenced block of the documentation is what it says: TypeScript and JavaScript fit the types
 * of the installed package, `run` blocks run, and shell blocks run from top to bottom of their page.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { newProject, type Project } from '../package/programs.ts'
import { type Block, infoProblem, readBlocks } from './blocks.ts'

const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*/*.md'], { cwd: ROOT }).sort()
const blocksOf = (page: string): Block[] => readBlocks(page, readFileSync(join(ROOT, page), 'utf8'))
const blocks = pages.flatMap(blocksOf)

const isScript = ({ language }: Block): boolean => language === 'ts' || language === 'js'
const isShellToRead = ({ language, words }: Block): boolean =>
  language === 'sh' && (words.includes('repo') || words.includes('elsewhere'))
const nameOf = (block: Block): string =>
  block.file ?? `${block.page.replaceAll(/[^\w]+/g, '-')}-${block.line}.${block.language}`

test('every block has a language and words that are known', () => {
  expect(blocks.map(infoProblem).filter((problem) => problem !== undefined)).toEqual([])
})

test('every JSON block is JSON', () => {
  for (const { page, line, text } of blocks.filter(({ language }) => language === 'json')) {
    expect(() => JSON.parse(text), `${page}:${line}`).not.toThrow()
  }
})

test('every shell block that is not run is at least valid', () => {
  for (const { page, line, text } of blocks.filter(isShellToRead)) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
    expect(status, `${page}:${line}\n${stderr}`).toBe(0)
  }
})

test('commands of the checkout name scripts that are there', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  )
  const repo = blocks.filter(({ words }) => words.includes('repo'))
  for (const { page, line, text } of repo) {
    for (const [, name = ''] of text.matchAll(/npm (?:run )?([a-z]+)/g)) {
      const known = ['ci', 'install', 'pack', ...Object.keys(scripts)]
      expect(known, `${page}:${line}: npm ${name}`).toContain(name)
    }
  }
})

describe('code fits the types of the package', () => {
  const withCode = pages.filter((page) => blocksOf(page).some(isScript))
  const folderOf = (page: string): string => page.replaceAll(/[^\w]+/g, '-')
  let project: Project
  let problems = ''
  beforeAll(async () => {
    project = newProject()
    project.write('tsconfig.json', JSON.stringify(TSCONFIG))
    for (const page of withCode) {
      mkdirSync(join(project.folder, folderOf(page)))
      for (const block of blocksOf(page).filter(isScript)) {
        project.write(join(folderOf(page), nameOf(block)), block.text)
      }
    }
    // All pages at once: most of a run of the compiler is reading the same declarations.
    problems = (await project.run(join(ROOT, 'node_modules', '.bin', 'tsc'), '-p', '.')).stdout
  })
  afterAll(() => project.remove())

  test.each(withCode)('%s', (page) => {
    const here = problems.split('\n').filter((line) => line.startsWith(`${folderOf(page)}/`))
    expect(here).toEqual([])
  })

  test('and nothing else is wrong', () => expect(problems).toBe(''))
})

/** What a strict application would use; a snippet may leave a value unused. */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024'],
    types: ['node'],
    module: 'nodenext',
    moduleDetection: 'force',
    strict: true,
    allowJs: true,
    checkJs: true,
    noImplicitAny: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  },
  include: ['*/*.ts', '*/*.js', '*/*.mjs'],
}

const runs = (block: Block): boolean =>
  (block.language === 'sh' && !isShellToRead(block)) ||
  block.words.includes('run') ||
  block.words.includes('background')

describe.each(pages.filter((page) => blocksOf(page).some(runs)))('commands of %s', (page) => {
  let project: Project
  beforeAll(() => {
    project = newProject()
  })
  afterAll(() => project.remove())

  test('run from top to bottom', async () => {
    for (const block of blocksOf(page)) await perform(project, block)
  })
})

async function perform(project: Project, block: Block): Promise<void> {
  const where = `${block.page}:${block.line}`
  if (block.file !== undefined || isScript(block)) project.write(nameOf(block), block.text)
  if (!runs(block)) return
  const [command, ...args] =
    block.language === 'sh' ? ['bash', '-euc', prepare(block.text)] : ['node', nameOf(block)]
  if (command === undefined) return
  if (block.words.includes('background')) {
    // Ready is what has said its first line.
    await project.start(command, args, /\n/)
    return
  }
  const { code, stdout, stderr } = await project.run(command, ...args)
  expect(code, `${where}\n${stdout}${stderr}`).toBe(0)
}

/**
 * The package as it is here, not the one that is published under its name; without npx, which takes
 * longer than the program and is tried in tests/package.
 */
const prepare = (text: string): string =>
  text
    .replaceAll(/^npm (install|i) .*$/gm, 'true')
    .replaceAll(/\bnpx lockgate\b/g, 'node_modules/.bin/lockgate')

test('the package that snippets see is the packed one', () => {
  expect(existsSync(join(inject('installed'), 'node_modules', 'lockgate', 'dist'))).toBe(true)
})
