/**
 * Chromium for tests, without a window: the one of the system, since nothing may be downloaded. Each
 * launch has a profile of its own in a temporary folder, which goes away with it.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { notInstalled } from './child.ts'

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome']

export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    // Chromium's own sandbox refuses root, as whom tests run in containers; it only sees our pages.
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-lcd-text',
    ],
  })
}

function findChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const places = PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program)))
  const found = places.find(isExecutable)
  if (found === undefined) throw notInstalled('chromium', 'chromium fonts-dejavu-core')
  return found
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
