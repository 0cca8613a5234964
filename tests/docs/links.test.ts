import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { anchorsOf, brokenLinks } from './links.ts'

const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*/*.md', 'bench/*.md'], { cwd: ROOT })

test.each(pages.sort())('every relative link of %s leads to a file and a heading', (page) => {
  expect(brokenLinks(ROOT, page)).toEqual([])
})

test('a missing file and a missing heading are found; code and other sites are not looked at', () => {
  const root = mkdtempSync(join(tmpdir(), 'lockgate-links-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const page = [
    '# One',
    '[a](#one) [b](b.md#two) [c](b.md) [d](https://example.com/x)',
    '[e](#none) [f](none.md) [g](b.md#none)',
    '```text\n# none\n[h](gone.md)\n```',
  ]
  writeFileSync(join(root, 'a.md'), page.join('\n'))
  writeFileSync(join(root, 'b.md'), '## Two\n')
  expect(brokenLinks(root, 'a.md')).toEqual(['a.md: #none', 'a.md: none.md', 'a.md: b.md#none'])
})

test('anchors are those that GitHub makes', () => {
  const page = '# Burst: 20% more\n## How to add …\n## `keys list`, `show`\n## Keys\n## Keys\n'
  expect([...anchorsOf(page)]).toEqual([
    ...['burst-20-more', 'how-to-add-', 'keys-list-show', 'keys', 'keys-1'],
  ])
})
