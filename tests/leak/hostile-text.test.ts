/**
 * Owners, names and places are chosen by others. 500 hostile ones change nothing on the owner pages:
 * in real Chromium, without our Content-Security-Policy, so that escaping stands alone.
 */
import type { Browser, Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageAnswer } from '../../src/admin/replace/page.ts'
import { launchChromium } from '../servers/chromium.ts'
import { PAYLOADS } from './payloads.ts'
import { pagesOf, type Said, USUAL } from './states.ts'

/** Those that show what others say. */
const STATES = ['leaked', 'suspicious', 'expired', 'done', 'kept', 'mail-sent'] as const
const AT_ONCE = 50
const PATIENCE_MS = 180_000

/** Shows each document in a frame of its own; resolves with its elements and their attributes. */
const SHAPES_OF = `(documents) => Promise.all(documents.map((markup) => new Promise((resolve) => {
  const frame = document.createElement('iframe')
  frame.onload = () => setTimeout(() => {
    const all = [...frame.contentDocument.querySelectorAll('*:not(wbr)')]
    resolve(all.map((it) => [it.tagName, ...[...it.attributes].map((at) => at.name + '=' + at.value)]).join())
    frame.remove()
  })
  frame.srcdoc = markup
  document.body.append(frame)
})))`

let browser: Browser
let tab: Tab
/** What ran or was loaded. */
const harm: string[] = []

beforeAll(async () => {
  browser = await launchChromium()
  const context = await browser.newContext()
  await context.route('**/*', async (route) => {
    harm.push(route.request().url())
    await route.abort()
  })
  await context.exposeFunction('pwned', () => harm.push('a script ran'))
  tab = await context.newPage()
  tab.on('dialog', (dialog) => void dialog.dismiss())
})
afterAll(() => browser.close())

function documentFor(state: string, said: Said): string {
  const page = pagesOf(said).get(state)
  if (page === undefined) throw new Error(`no state ${state}`)
  return pageAnswer(page, 'keys.acme.example').body
}

const shapesOf = (documents: readonly string[]): Promise<string[]> =>
  tab.evaluate(`(${SHAPES_OF})(${JSON.stringify(documents)})`)

test('such texts do harm where they are not escaped', async () => {
  await shapesOf(['<title></title><img src=x onerror="parent.pwned()">'])
  expect(harm.splice(0)).toContain('a script ran')
})

test('500 owners, names and places are text', { timeout: PATIENCE_MS }, async () => {
  expect(new Set(PAYLOADS).size).toBe(500)
  const usual = await shapesOf(STATES.map((state) => documentFor(state, USUAL)))
  for (let from = 0; from < PAYLOADS.length; from += AT_ONCE) {
    const texts = PAYLOADS.slice(from, from + AT_ONCE)
    // Pages take turns: in the end each was given every way to break out.
    const turns = texts.map((text, index) => ({
      text,
      turn: (from / AT_ONCE + index) % STATES.length,
    }))
    const shapes = await shapesOf(
      turns.map(({ text, turn }) =>
        documentFor(STATES[turn] ?? '', { owner: `${text}@${text}`, name: text, where: text }),
      ),
    )
    const changed = turns.filter(({ turn }, index) => shapes[index] !== usual[turn])
    expect(changed).toEqual([])
  }
  expect(harm).toEqual([])
})

test('a name is shown as it is, letter by letter', async () => {
  const name = `</dd>"'\`&amp;<b>bold</b>`
  await tab.setContent(documentFor('leaked', { ...USUAL, name }))
  expect(await tab.locator('dd bdi bdi').first().textContent()).toBe(name)
})

test('a text without end does not push the button off the page', async () => {
  const said = { ...USUAL, name: 'n'.repeat(100_000), where: 'w/'.repeat(50_000) }
  await tab.setContent(documentFor('leaked', said))
  const box = await tab.getByRole('button').boundingBox()
  expect(box?.y).toBeLessThan(2_000)
})
