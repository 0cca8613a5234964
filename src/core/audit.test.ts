import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { AUDIT_EVENTS } from './audit.ts'

const PAGE = readFileSync(new URL('../../docs/reference/audit.md', import.meta.url), 'utf8')

test('docs/reference/audit.md lists exactly the events that there are, in their order', () => {
  const listed = PAGE.split('\n').flatMap((line) => /^\| `(\w+\.\w+)` \| /.exec(line)?.[1] ?? [])
  expect(listed).toEqual([...AUDIT_EVENTS])
})
