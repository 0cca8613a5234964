import { describe, expect, test } from 'vitest'
import { infoProblem, readBlocks } from './blocks.ts'

describe('readBlocks', () => {
  test('reads language, words, file name, line and text', () => {
    const page = '# T\n\n```ts run file=app.ts\na()\n\nb()\n```\n\n1. x\n   ```sh\n   ls\n   ```\n'
    expect(readBlocks('p.md', page)).toEqual([
      {
        page: 'p.md',
        line: 3,
        language: 'ts',
        words: ['run'],
        file: 'app.ts',
        text: 'a()\n\nb()\n',
      },
      { page: 'p.md', line: 10, language: 'sh', words: [], file: undefined, text: 'ls\n' },
    ])
  })

  test('a longer fence holds a shorter one', () => {
    expect(readBlocks('p.md', '````text\n```ts\n```\n````\n')).toHaveLength(1)
  })

  test('an open fence is an error, not a page without blocks', () => {
    expect(() => readBlocks('p.md', '```ts\na()\n')).toThrow('p.md:1')
  })
})

test.each([
  ['```\nx\n```', 'unknown language ""'],
  ['```typescript\nx\n```', 'unknown language "typescript"'],
  ['```ts skip\nx\n```', 'unknown word "skip"'],
  ['```sh run\nx\n```', 'unknown word "run"'],
  ['```ts file=../x.ts\nx\n```', 'bad name'],
])('%j is refused', (page, problem) => {
  const [block] = readBlocks('p.md', page)
  expect(block && infoProblem(block)).toContain(problem)
})
