/** Another site, which writes down what it is told by those who come: it must learn nothing of links. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Visit {
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface Stranger {
  /** `127.0.0.1`: for a browser the same site as ours, on another origin. */
  readonly nearUrl: string
  /** `localhost`: another site. */
  readonly farUrl: string
  readonly visits: readonly Visit[]
  /** What it answers from now on. */
  show(html: string): void
  close(): Promise<void>
}

export async function startStranger(): Promise<Stranger> {
  const visits: Visit[] = []
  let page = '<title>stranger</title>'
  const server = createServer((request, response) => {
    visits.push({ url: request.url ?? '', headers: request.headers })
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(page)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    nearUrl: `http://127.0.0.1:${port}/`,
    farUrl: `http://localhost:${port}/`,
    visits,
    show(html) {
      page = html
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
