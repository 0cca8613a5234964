/** axe, in real Chromium, on every owner page: on a phone and a desktop, in light and in dark. */
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../servers/chromium.ts'
import { type PageServer, pagesOf, servePages } from './states.ts'

const RUN_AXE = `axe.run({ resultTypes: ['violations'] })
  .then((found) => found.violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`
const WIDTH = 'document.documentElement.scrollWidth'
const PHONE = { width: 320, height: 640 }
const DESKTOP = { width: 1280, height: 800 }
const PATIENCE_MS = 180_000

const pages = pagesOf()
let browser: Browser
let server: PageServer
beforeAll(async () => {
  server = await servePages((name) => pages.get(name))
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

test.each([
  ['phone', 'light', PHONE],
  ['phone', 'dark', PHONE],
  ['desktop', 'light', DESKTOP],
  ['desktop', 'dark', DESKTOP],
] as const)(
  'axe finds nothing: %s, %s',
  { timeout: PATIENCE_MS },
  async (_device, colorScheme, viewport) => {
    // Only the test may put a script of its own on the page.
    const tab = await browser.newPage({ viewport, colorScheme, bypassCSP: true })
    for (const state of pages.keys()) {
      await tab.goto(server.url + state)
      await tab.evaluate(axe.source)
      expect([state, await tab.evaluate(RUN_AXE)]).toEqual([state, []])
      expect([state, await tab.evaluate(WIDTH)]).toEqual([state, viewport.width])
    }
    await tab.close()
  },
)

test('text of twice the size still fits a phone', { timeout: PATIENCE_MS }, async () => {
  const tab = await browser.newPage({ viewport: PHONE })
  for (const state of pages.keys()) {
    await tab.goto(server.url + state)
    await tab.evaluate('document.documentElement.style.fontSize = "200%"')
    expect([state, await tab.evaluate(WIDTH)]).toEqual([state, PHONE.width])
  }
  await tab.close()
})

test('buttons are reached by keyboard, and show that they are', async () => {
  const tab = await browser.newPage()
  await tab.goto(`${server.url}suspended`)
  for (const label of ['Replace the key', 'Keep the key']) {
    await tab.keyboard.press('Tab')
    expect(await tab.locator(':focus').textContent()).toBe(label)
    const outline = 'getComputedStyle(document.activeElement).outline'
    expect(await tab.evaluate(outline)).toContain('solid 3px')
  }
  await tab.close()
})

test('what is printed holds no key', async () => {
  const tab = await browser.newPage()
  await tab.goto(`${server.url}done`)
  await tab.emulateMedia({ media: 'print' })
  expect(await tab.locator('#key').isVisible()).toBe(false)
  expect(await tab.locator('.paper').isVisible()).toBe(true)
  await tab.close()
})
