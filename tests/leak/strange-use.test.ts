/**
 * A key that is used as never before, as its owner lives it: a real server that looks once a minute, a
 * real mail, a real browser. Only the days before are written into the database by the test.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { randomBytesOf, sha256Hex } from '../../src/core/crypto.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { openSqliteStore } from '../../src/stores/sqlite/index.ts'
import type { ReceivedMail } from '../servers/smtp.ts'
import { linkIn, newestMailTo, type Stage, setStage } from './stage.ts'

const HOUR_MS = 3_600_000
const HOME = '203.0.113.7'
const NETWORKS = 9
/** The first look comes a minute after the start. */
const LOOK_WITHIN_MS = 80_000

vi.setConfig({ testTimeout: 120_000 })

interface Strange {
  readonly owner: string
  readonly key: string
  readonly keyId: string
  readonly mail: ReceivedMail
  readonly link: string
}

let stage: Stage
let store: Store
let kept: Strange
let replaced: Strange
beforeAll(async () => {
  stage = await setStage({
    ...{ anomaly: { action: 'suspend' }, ip: { trustedProxies: ['127.0.0.1'] } },
  })
  store = await openSqliteStore({ path: join(stage.serving.folder, 'lockgate.db') })
  const owners = ['moved@example.com', 'robbed@example.com'] as const
  const both = await Promise.all([makeStrange(owners[0]), makeStrange(owners[1])])
  ;[kept, replaced] = both
}, 120_000)
afterAll(async () => {
  await store.close()
  await stage.stop()
})

/** Used from one network two days ago, and now from many: it works until the server has looked. */
async function makeStrange(owner: string): Promise<Strange> {
  const { key, keyId } = await stage.issue(owner)
  for (const hoursAgo of [50, 49, 48, 47]) await useBefore(keyId, hoursAgo)
  for (let network = 0; network < NETWORKS; network++) {
    expect(await stage.ask(key, `198.51.${network}.7`)).toBe(200)
  }
  const patience = { timeout: LOOK_WITHIN_MS, interval: 1_000 }
  await vi.waitFor(async () => expect(await stage.ask(key, HOME)).toBe(401), patience)
  const mail = await newestMailTo(stage.smtp, owner)
  return { owner, key, keyId, mail, link: linkIn(mail) }
}

async function useBefore(keyId: string, hoursAgo: number): Promise<void> {
  const lastUsedAtMs = Date.now() - hoursAgo * HOUR_MS
  const hourStartMs = lastUsedAtMs - (lastUsedAtMs % HOUR_MS)
  const networks = [{ network: '203.0.113.0/24', requests: 5, lastUsedAtMs }]
  await store.saveActivity([{ keyId, hourStartMs, requests: 5, lastUsedAtMs, networks }])
}

const eventsOf = async (keyId: string): Promise<readonly string[]> =>
  (await stage.audit(keyId)).map(({ event }) => event).filter((event) => event.startsWith('key.'))

const SUSPENDED = ['key.created', 'key.suspicious', 'key.disabled']

test('the page says why, and one click gives the key back', async () => {
  const { key, keyId, mail, link } = kept
  expect(mail.subject).toContain(`Suspended for unusual use: your API key ${keyId}`)
  expect(mail.text).toContain(`${NETWORKS} new networks within an hour`)

  const tab = await stage.browser.newPage()
  await tab.goto(link)
  const page = (await tab.locator('main').textContent()) ?? ''
  expect(page).toContain('used from 9 new networks; before that, it was known from 1.')
  expect(page).toContain('the key is paused')
  expect(page).toContain('198.51.8.0/24')
  expect(await stage.ask(key, HOME)).toBe(401)
  expect(await eventsOf(keyId)).toEqual(SUSPENDED)

  await tab.getByRole('button', { name: 'Keep the key' }).click()
  await tab.getByRole('heading', { name: 'Your key stays as it is.' }).waitFor()
  expect(await stage.ask(key, HOME)).toBe(200)
  await tab.goto(link)
  expect(await tab.getByRole('button').count()).toBe(0)
  expect((await fetch(link)).status).toBe(410)
  expect(await eventsOf(keyId)).toEqual([...SUSPENDED, 'key.kept', 'key.enabled'])
  await tab.close()
})

test('a link that is too old sends a fresh mail, whose link replaces the key', async () => {
  const { owner, key, keyId, link } = replaced
  const found = await store.findLink(sha256Hex(link.slice(-43)))
  const token = randomBytesOf(32).toString('base64url')
  await store.addLinkToken({
    ...{ linkId: found?.link.linkId ?? '', tokenHash: sha256Hex(token) },
    expiresAtMs: Date.now() - 1,
  })
  const oldLink = `${stage.serving.adminUrl}/replace/${token}`

  const tab = await stage.browser.newPage()
  expect((await tab.goto(oldLink))?.status()).toBe(410)
  expect(await tab.content()).not.toContain(owner)
  await tab.getByRole('button', { name: 'Send me a fresh link' }).click()
  await tab.getByRole('heading', { name: 'A fresh link is on its way.' }).waitFor()
  const fresh = linkIn(await newestMailTo(stage.smtp, owner, 2))
  expect(fresh).not.toBe(link)

  await tab.goto(fresh)
  await tab.getByRole('button', { name: 'Replace the key' }).click()
  const newKey = await tab.getByLabel('New API key').inputValue()
  expect(await stage.ask(newKey, HOME)).toBe(200)
  expect(await stage.ask(key, HOME)).toBe(401)
  for (const dead of [link, oldLink, fresh]) expect((await fetch(dead)).status).toBe(410)
  expect(await eventsOf(keyId)).toEqual([...SUSPENDED, 'key.revoked', 'key.replaced'])
  await tab.close()
})
