/**
 * From a leak to a working key with one click, as its owner lives it: a real server, a real mail, a
 * real browser, with scripts and without.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Leak, type Stage, setStage } from './stage.ts'

const PHONE = { width: 320, height: 640 }
const DESKTOP = { width: 1280, height: 800 }

vi.setConfig({ testTimeout: 120_000 })

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
}, 60_000)
afterAll(() => stage.stop())

/** What a tab asked for, with what it told: nothing but the link, and the link to nobody. */
function watch(tab: Tab): { readonly url: string; readonly headers: Record<string, string> }[] {
  const asked: { url: string; headers: Record<string, string> }[] = []
  tab.on('request', (request) => asked.push({ url: request.url(), headers: request.headers() }))
  return asked
}

const isDead = async ({ link }: Leak): Promise<boolean> => (await fetch(link)).status === 410

test.each([
  ['a desktop, light, with scripts', DESKTOP, 'light', true],
  ['a phone, dark, without scripts', PHONE, 'dark', false],
] as const)('%s', async (device, viewport, colorScheme, javaScriptEnabled) => {
  const leak = await stage.leak(`${colorScheme}@example.com`)
  console.info(`${device}: the mail came ${leak.mailAfterMs} ms after the report`)
  expect(await stage.ask(leak.key)).toBe(401)
  expect(leak.link.startsWith(`${stage.serving.adminUrl}/replace/`)).toBe(true)

  const context = await stage.browser.newContext({ viewport, colorScheme, javaScriptEnabled })
  const tab = await context.newPage()
  const asked = watch(tab)
  await tab.goto(leak.link)
  await tab.getByRole('button', { name: 'Create a new key' }).click()
  const key = await tab.getByLabel('New API key').inputValue()
  expect(await stage.ask(key)).toBe(200)
  expect(await stage.ask(leak.key)).toBe(401)
  expect(await isDead(leak)).toBe(true)

  expect(asked.map(({ url }) => url)).toEqual([leak.link, leak.link])
  expect(asked.filter(({ headers }) => 'referer' in headers)).toEqual([])
  await context.close()

  const keyId = key.split('_')[2] ?? ''
  const [before, after] = [await stage.show(leak.keyId), await stage.show(keyId)]
  for (const same of ['owner', 'name', 'tier', 'scopes', 'expires_at']) {
    expect([same, after[same]]).toEqual([same, before[same]])
  }
  expect([before['status'], after['status']]).toEqual(['revoked', 'active'])
  const story = (await stage.audit(leak.keyId)).map(({ event }) => event)
  expect(story.filter((event) => event !== 'auth.failed')).toEqual([
    ...['key.created', 'key.leaked', 'key.revoked', 'key.replaced'],
  ])
  const [born] = await stage.audit(keyId)
  expect(born).toMatchObject({ event: 'key.created', details: { replaces: leak.keyId } })
})

test('a hundred looks change nothing', async () => {
  const leak = await stage.leak('scanned@example.com')
  const before = await stage.audit(leak.keyId)
  const bodies = new Set<string>()
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => fetch(leak.link)))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    for (const answer of answers) bodies.add(await answer.text())
  }
  const head = await fetch(leak.link, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  expect(bodies.size).toBe(1)
  expect(await stage.audit(leak.keyId)).toEqual(before)
  expect(
    stage.smtp.mails.filter(({ deliveredTo }) => deliveredTo.includes(leak.owner)),
  ).toHaveLength(1)

  const tab = await stage.browser.newPage()
  for (let opened = 0; opened < 3; opened++) await tab.goto(leak.link)
  await tab.waitForTimeout(500)
  await tab.close()
  expect(await stage.audit(leak.keyId)).toEqual(before)
})

test('the key is gone after going elsewhere, back and forward', async () => {
  const leak = await stage.leak('history@example.com')
  const tab = await stage.browser.newPage()
  await tab.goto(leak.link)
  await tab.getByRole('button').click()
  const key = await tab.getByLabel('New API key').inputValue()
  await tab.goto(stage.stranger.farUrl)
  await tab.goto(leak.link)
  for (const step of ['goBack', 'goBack', 'goBack', 'goForward', 'goForward'] as const) {
    // The browser refuses to send a form again just for going back, and shows an error of its own.
    await tab[step]().catch(() => undefined)
    await tab.waitForTimeout(300)
    await expect.poll(() => tab.content().catch(() => key)).not.toContain(key)
  }
  await tab.close()
  const told = JSON.stringify(stage.stranger.visits)
  expect(told).not.toContain(leak.token)
  expect(told).not.toContain(stage.serving.adminUrl)
  const events = (await stage.audit(leak.keyId)).map(({ event }) => event)
  expect(events.filter((event) => event === 'key.replaced')).toHaveLength(1)
})

test('sending the form again makes no second key and shows none', async () => {
  const leak = await stage.leak('again@example.com')
  const tab = await stage.browser.newPage()
  await tab.goto(leak.link)
  await tab.getByRole('button').click()
  const key = await tab.getByLabel('New API key').inputValue()
  const answer = await tab.reload()
  expect([answer?.request().method(), answer?.status()]).toEqual(['POST', 410])
  expect(await tab.content()).not.toContain(key)
  await tab.close()
})

test('of two clicks the second sends nothing, so the key of the first is shown', async () => {
  const leak = await stage.leak('quick@example.com')
  const tab = await stage.browser.newPage()
  await tab.goto(leak.link)
  // The server has made the key, and its answer is still on the way when the second click comes.
  await tab.route(leak.link, async (route) => {
    const response = await route.fetch()
    await tab.waitForTimeout(500)
    await route.fulfill({ response }).catch(() => undefined)
  })
  const box = await tab.getByRole('button').boundingBox()
  const [x, y] = [(box?.x ?? 0) + 20, (box?.y ?? 0) + 20]
  await tab.mouse.click(x, y)
  await tab.waitForTimeout(200)
  await tab.mouse.click(x, y)
  const key = await tab.getByLabel('New API key').inputValue({ timeout: 10_000 })
  expect(await stage.ask(key)).toBe(200)
  await tab.close()
})

test('the button copies the key, and says so', async () => {
  const leak = await stage.leak('copy@example.com')
  const context = await stage.browser.newContext({
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const tab = await context.newPage()
  await tab.goto(leak.link)
  await tab.getByRole('button').click()
  const key = await tab.getByLabel('New API key').inputValue()
  await tab.getByRole('button', { name: 'Copy the key' }).click()
  await tab.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await tab.evaluate('navigator.clipboard.readText()')).toBe(key)
  await context.close()
})

test('tokens and keys are in no log, and in no file', async () => {
  const leak = await stage.leak('secret@example.com')
  const answer = await fetch(leak.link, {
    method: 'POST',
    body: new URLSearchParams({ action: 'replace' }),
  })
  const key = /sk_live_\w+/.exec(await answer.text())?.[0] ?? ''
  expect(key).toMatch(/^sk_live_/)
  const { folder, said } = stage.serving
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
  for (const secret of [leak.token, leak.key, key]) {
    expect([said(), ...files].filter((text) => text.includes(secret))).toEqual([])
  }
})
