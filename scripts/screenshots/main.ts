/**
 * Pictures of the owner pages for the guides: `node scripts/screenshots/main.ts`, after a change to the
 * pages. Drawn by the system's Chromium from the same states that the tests look at.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pagesOf, servePages } from '../../tests/leak/states.ts'
import { launchChromium } from '../../tests/servers/chromium.ts'
import { toPalettePng } from './palette-png.ts'

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'guides', 'images')
const MAX_BYTES = 60_000
const PHONE = { width: 360, height: 640 }
const DESKTOP = { width: 800, height: 560 }

const PICTURES = [
  { file: 'leaked-desktop.png', state: 'leaked', viewport: DESKTOP, colorScheme: 'light' },
  { file: 'leaked-phone.png', state: 'leaked', viewport: PHONE, colorScheme: 'light' },
  { file: 'new-key-desktop.png', state: 'done', viewport: DESKTOP, colorScheme: 'light' },
  { file: 'new-key-phone.png', state: 'done', viewport: PHONE, colorScheme: 'dark' },
  { file: 'unusual-use-desktop.png', state: 'suspended', viewport: DESKTOP, colorScheme: 'dark' },
  { file: 'unusual-use-phone.png', state: 'suspended', viewport: PHONE, colorScheme: 'light' },
] as const

const pages = pagesOf()
const server = await servePages((name) => pages.get(name))
const browser = await launchChromium()
mkdirSync(FOLDER, { recursive: true })
for (const { file, state, viewport, colorScheme } of PICTURES) {
  const tab = await browser.newPage({ viewport, colorScheme })
  await tab.goto(server.url + state)
  const png = toPalettePng(await tab.screenshot({ fullPage: true }))
  await tab.close()
  if (png.length > MAX_BYTES) throw new Error(`${file} has more than ${MAX_BYTES} bytes`)
  writeFileSync(join(FOLDER, file), png)
  console.info(`${file}: ${png.length} bytes`)
}
await browser.close()
await server.close()
