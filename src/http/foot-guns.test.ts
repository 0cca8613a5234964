import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FOOT_GUNS } from './foot-guns.ts'

test.each(Object.entries(FOOT_GUNS))(
  '%s names a page and a section that exist',
  (name, { page }) => {
    const [path = '', section = ''] = page.split('#')
    const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    const sections = text.match(/^## .+$/gm)?.map((heading) => {
      return heading.slice(3).toLowerCase().replaceAll(' ', '-')
    })
    expect(sections).toContain(section)
    expect(text).toContain(`\`${name}\``)
  },
)
