/** Every state of the owner pages, rendered as the admin server does it, and a server to look at them. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pageOfLink } from '../../src/admin/replace/action-pages.ts'
import {
  donePage,
  keptPage,
  mailSentPage,
  refusalPage,
} from '../../src/admin/replace/outcome-pages.ts'
import { type Page, pageAnswer } from '../../src/admin/replace/page.ts'
import type { KeyRecord } from '../../src/core/key/key-record.ts'
import type { LinkView } from '../../src/engine/gate.ts'

/** What others can choose: an owner, a name, and where a key was found. */
export interface Said {
  readonly owner: string
  readonly name: string
  readonly where: string
}

export const USUAL: Said = {
  owner: 'ada@example.com',
  name: 'Billing worker',
  where: 'https://github.com/acme/site/blob/main/src/config.ts#L12',
}

const NETWORKS = Array.from({ length: 8 }, (_, index) => `2001:db8:${index + 1}::/48`).join(', ')

/** Never given to anybody: its checksum does not fit. */
const SHOWN_KEY = 'sk_live_4kWq8ZpB_3nR5tYv8xZ1aB4dE7gH0jK2mN5pQ8sU1wX4zA7cF0hJKc81Hs9'

export function pagesOf(said: Said = USUAL): ReadonlyMap<string, Page> {
  const key: KeyRecord = {
    ...{ keyId: '7Hq2mZ9x', owner: { email: said.owner, externalId: null }, name: said.name },
    ...{ tier: 'paid', scopes: ['read', 'write'], mode: 'live', secretHash: '', status: 'revoked' },
    ...{ createdAtMs: 0, expiresAtMs: null, revokedAtMs: 0, version: 2, limitOverrides: [] },
    ...{ allowedAddresses: [], rotatedFrom: null },
  }
  const view: LinkView = {
    ...{ state: 'open', purpose: 'leaked', key, atMs: Date.UTC(2026, 10, 5, 3, 14) },
    ...{ where: said.where, reason: null, seen: null, usual: null },
  }
  const strange: LinkView = { ...view, purpose: 'suspicious', where: NETWORKS }
  const rate = { reason: 'rate', seen: 4_100, usual: 52 } as const
  const networks = { reason: 'new_networks', seen: 9, usual: 3 } as const
  const active = { ...key, status: 'active' } as const
  return new Map<string, Page>([
    ['leaked', pageOfLink(view)],
    ['suspicious', pageOfLink({ ...strange, ...rate, key: active })],
    ['suspended', pageOfLink({ ...strange, ...networks, key: { ...key, status: 'disabled' } })],
    ['expired', pageOfLink({ ...view, state: 'expired' })],
    ['done', donePage({ key: SHOWN_KEY, record: { ...active, keyId: '4kWq8ZpB' } })],
    ['kept', keptPage(active)],
    ['mail-sent', mailSentPage(`a•••@${said.owner.split('@').at(-1)}`)],
    ['link_expired', refusalPage('link_expired', 'req_7Hq2mZ9x1')],
    ['csrf', refusalPage('csrf', 'req_7Hq2mZ9x2')],
    ['conflict', refusalPage('conflict', 'req_7Hq2mZ9x3')],
    ['rate_limited', refusalPage('rate_limited', 'req_7Hq2mZ9x4')],
    ['store_unavailable', refusalPage('store_unavailable', 'req_7Hq2mZ9x5')],
    ['internal', refusalPage('internal', 'req_7Hq2mZ9x6')],
  ])
}

export interface PageServer {
  readonly url: string
  close(): Promise<void>
}

/** Serves what `find` knows by the path without its slash. */
export async function servePages(find: (name: string) => Page | undefined): Promise<PageServer> {
  const server = createServer((request, response) => {
    const page = find(decodeURIComponent((request.url ?? '/').slice(1)))
    if (page === undefined) {
      response.writeHead(404).end()
      return
    }
    const { status, contentType, headers, body } = pageAnswer(page, 'keys.acme.example')
    response.writeHead(status, { ...headers, 'Content-Type': contentType }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
