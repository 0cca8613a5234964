/**
 * No link of ours leads elsewhere (CWE-601): nothing on the admin listener redirects, and targets of 30
 * shapes, in paths, queries, headers and forms, come back in no header and in no page.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../admin/rig.ts'

const HOST = 'evil.example'
/** What browsers, or those who compare texts, take for another site or not. */
const SHAPES = [
  ...[`https://${HOST}/`, `//${HOST}/`, `/\\${HOST}`, `\\\\${HOST}`, `/%2f${HOST}`, `/%5c${HOST}`],
  ...[`https:${HOST}`, `https:/${HOST}`, `///${HOST}`, `////${HOST}//`, `http:\\\\${HOST}`],
  ...[`javascript:location='//${HOST}'`, `data:text/html,${HOST}`, `//127.0.0.1@${HOST}`],
  ...[`//${HOST}#@127.0.0.1`, `//${HOST}%23.127.0.0.1`, `/..//${HOST}`, `/.${HOST}`, `.${HOST}`],
  ...[`%09//${HOST}`, `%0a//${HOST}`, `%0d%0aLocation:%20//${HOST}`, `https%3a%2f%2f${HOST}`],
  ...[`/replace/../../${HOST}`, `/;@${HOST}`, `/?//${HOST}`, `//${HOST}:80`, `//[::ffff:${HOST}]`],
  ...[`//${HOST.toUpperCase()}`, `//${HOST}.`],
]
const MEMBERS = ['next', 'url', 'return_to', 'redirect_uri', 'continue']

const folder = mkdtempSync(join(tmpdir(), 'lockgate-redirect-'))
let rig: AdminRig
let link: string
beforeAll(async () => {
  rig = await startAdminRig({ config: { mail: { folder } } })
  const { id } = await rig.issue()
  await rig.gate.leaks.reportId(id, { source: 'operator' })
  await rig.gate.post.deliver()
  const [mail = ''] = readdirSync(folder)
  const text = readFileSync(join(folder, mail), 'utf8')
  link = /\/replace\/[\w-]{43}/.exec(text)?.[0] ?? ''
})
afterAll(async () => {
  await rig.stop()
  rmSync(folder, { recursive: true })
})

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

async function askAll(shape: string, member: string) {
  const query = `?${member}=${shape}`
  const escaped = encodeURIComponent(shape)
  const headers = { 'x-forwarded-host': HOST, 'x-original-url': escaped, referer: escaped }
  return Promise.all([
    rig.call('GET', `${link}${query}`, { headers }),
    rig.call('GET', `${link}/${escaped}`),
    rig.call('GET', `/${escaped}`),
    rig.call('GET', `/health${query}`, { headers }),
    rig.call('GET', `/v1/keys?cursor=${escaped}`, { key: rig.admin }),
    rig.call('POST', link, { headers: FORM, body: `action=keep&${member}=${escaped}` }),
  ])
}

test.each(MEMBERS)('%s with each target leads nowhere', async (member) => {
  expect(link).not.toBe('')
  const open = await rig.call('GET', link)
  for (const shape of SHAPES) {
    for (const { status, headers, text } of await askAll(shape, member)) {
      expect(status < 300 || status >= 400, `${status} for ${shape}`).toBe(true)
      const told = ['location', 'refresh', 'link', 'content-location'].map((name) =>
        headers.get(name),
      )
      expect(told).toEqual([null, null, null, null])
      expect(text.toLowerCase()).not.toContain(HOST)
    }
  }
  // The form of the page goes to the page, and to nothing else.
  expect(open.text).not.toMatch(/<form[^>]*action=/)
  expect(open.headers.get('content-security-policy')).toContain("form-action 'self'")
})
