import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { AUDIT_EVENTS } from '../../src/core/audit.ts'

test('docs/reference/audit.md lists every event, in their order', () => {
  const page = readFileSync(join(ROOT, 'docs/reference/audit.md'), 'utf8')
  const listed = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \|/gm)].map(([, event]) => event)
  expect(listed).toEqual([...AUDIT_EVENTS])
})
