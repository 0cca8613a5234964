/** Every mail in real Chromium: in a small window and a wide one, in light and in dark, and axe on each. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { letterOf } from '../../src/mail/letters/index.ts'
import { renderHtml } from '../../src/mail/render-html.ts'
import { launchChromium } from '../servers/chromium.ts'
import { allMails, leakedMail } from './sample-mail.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Landmarks are those of the program that shows it: a mail is no page. */
const RUN_AXE = `axe.run({ resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })
  .then((found) => found.violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`
const PATIENCE_MS = 180_000

const LONG = leakedMail({
  to: `${'ada'.repeat(60)}@example.com`,
  details: { key_name: 'W'.repeat(200), where: 'W'.repeat(300), scopes: 'chat:write '.repeat(30) },
})
const htmls = [...allMails(), LONG].map((mail) => renderHtml(letterOf(mail)))

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
}, PATIENCE_MS)
afterAll(() => browser.close())

test.each([
  [320, 'light'],
  [320, 'dark'],
  [600, 'light'],
  [600, 'dark'],
] as const)(
  '%s px, %s: nothing sticks out, and axe finds nothing',
  {
    timeout: PATIENCE_MS,
  },
  async (width, colorScheme) => {
    const tab = await browser.newPage({ viewport: { width, height: 640 }, colorScheme })
    for (const html of htmls) {
      await tab.setContent(html)
      await tab.evaluate(AXE)
      expect(await tab.evaluate(RUN_AXE)).toEqual([])
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(width)
    }
    await tab.close()
  },
)
