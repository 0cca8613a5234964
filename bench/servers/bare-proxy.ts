/** A reverse proxy that checks nothing: what any gateway on undici costs at least. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

/** The least a proxy can do: status, headers and body passed on, nothing looked at. */
export function bareProxy(upstream: string, connections = 64): Server {
  const pool = new Pool(upstream, { connections })
  const server = createServer((req, res) => {
    const { url = '/', method = 'GET', rawHeaders } = req
    const headers = rawHeaders.filter(
      (_, i, all) => !/^(host|connection)$/i.test(all[i - (i % 2)] ?? ''),
    )
    const body = method === 'GET' ? null : req
    const call = { path: url, method: method as Dispatcher.HttpMethod, headers, body }
    pool.dispatch(call, new Relay(res))
  })
  return server.listen(0, '127.0.0.1')
}

class Relay implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[]>,
  ): void {
    const { connection: _hop, 'keep-alive': _too, ...kept } = headers
    this.#res.writeHead(statusCode, kept)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#res.write(chunk)
  }

  onResponseEnd(): void {
    this.#res.end()
  }

  onResponseError(): void {
    this.#res.destroy()
  }
}
