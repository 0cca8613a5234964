/** Starting to listen, as a promise: it fulfils with the address, and rejects where it cannot. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Port 0 picks a free one; the address that is resolved names it. */
export interface ListenAddress {
  readonly port: number
  readonly host: string
}

export function listen(server: Server, where: ListenAddress): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
      else resolve(address)
    })
  })
}
