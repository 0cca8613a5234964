/**
 * A TCP proxy in this process that breaks connections on request, for faults that no server shows by
 * itself: a slow network, an answer that got lost, a listener that hangs up.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type Faults, FaultyConnection, type Matcher } from './faulty-connection.ts'

export interface FaultProxy {
  readonly port: number
  /** How many clients are connected. */
  connections(): number
  /** What the server sends from now on arrives this much later. */
  delayMs(ms: number): void
  /** Swallows what the server sends. */
  dropReplies(on: boolean): void
  /** Holds both directions; what was held is forwarded when it ends. */
  stall(on: boolean): void
  /** Destroys all connections. */
  cut(): void
  /** Destroys each new connection; those that are open go on. */
  refuse(on: boolean): void
  /** Cuts the connection of the first chunk that matches, as when COMMIT was sent and its answer lost. */
  cutWhen(matcher: Matcher): void
  stop(): Promise<void>
}

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const faults: Faults = { delayMs: 0, dropReplies: false, stalled: false, matcher: undefined }
  const connections = new Set<FaultyConnection>()
  let refusing = false
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (refusing) {
      client.destroy()
      return
    }
    const connection = new FaultyConnection(client, targetPort, faults, () => {
      connections.delete(connection)
    })
    connections.add(connection)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const cut = (): void => {
    for (const connection of connections) connection.destroy()
  }
  return {
    port,
    connections: () => [...connections].filter(({ isOpen }) => isOpen).length,
    delayMs(ms) {
      faults.delayMs = ms
    },
    dropReplies(on) {
      faults.dropReplies = on
    },
    stall(on) {
      faults.stalled = on
      for (const connection of connections) connection.pump()
    },
    cut,
    refuse(on) {
      refusing = on
    },
    cutWhen(matcher) {
      faults.matcher = matcher
    },
    async stop() {
      cut()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}
