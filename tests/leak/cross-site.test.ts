/** Other sites, in real Chromium: what they send is refused, what they frame is empty. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Stage, setStage } from './stage.ts'

vi.setConfig({ testTimeout: 120_000 })

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
}, 60_000)
afterAll(() => stage.stop())

const forgery = (link: string, head: string): string => `<!doctype html>${head}
<form method="post" action="${link}"><input name="action" value="replace"></form>
<script>document.forms[0].submit()</script>`

test.each([
  ['another site', 'farUrl', ''],
  ['another site without a Referer', 'farUrl', '<meta name="referrer" content="no-referrer">'],
  ['another port of our host', 'nearUrl', ''],
] as const)('a form of %s is 403 csrf, and the link still works', async (who, url, head) => {
  const { link, keyId } = await stage.leak(`forged${who.length}@example.com`)
  stage.stranger.show(forgery(link, head))
  const tab = await stage.browser.newPage()
  const sent = tab.waitForResponse(link)
  await tab.goto(stage.stranger[url]).catch(() => undefined)
  const answer = await sent
  expect([answer.request().method(), answer.status()]).toEqual(['POST', 403])
  expect(await answer.headerValue('content-security-policy')).toContain("default-src 'none'")
  await tab.locator('code').first().waitFor()
  expect(await tab.locator('code').first().textContent()).toBe('csrf')
  expect((await fetch(link)).status).toBe(200)
  const events = (await stage.audit(keyId)).map(({ event }) => event)
  expect(events).not.toContain('key.replaced')
  await tab.close()
})

test('no other page can frame the button', async () => {
  const { link } = await stage.leak('framed@example.com')
  stage.stranger.show(`<iframe src="${link}" width="600" height="900"></iframe>`)
  const tab = await stage.browser.newPage()
  await tab.goto(stage.stranger.farUrl)
  expect(await tab.frameLocator('iframe').getByRole('button').count()).toBe(0)
  await tab.close()
})

test('links begin with the configured URL, whatever Host a request names', async () => {
  const { link, mail } = await stage.leak('host@example.com')
  const links = `${mail.text}${mail.html}`.match(/https?:[^\s"<>]+\/replace\//g) ?? []
  expect(new Set(links)).toEqual(new Set([`${stage.serving.adminUrl}/replace/`]))
  const request = get(link, { headers: { host: 'evil.example' } })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const page = await text(response)
  expect([response.statusCode, page.includes('evil.example')]).toEqual([200, false])
  expect(page).toContain(new URL(link).host)
})
