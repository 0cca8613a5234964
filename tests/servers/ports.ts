/** Ports of 127.0.0.1 for servers under test. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

const FIRST = 15_000
const LAST = 31_999

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const [port] = await freePorts(1)
    if (port !== undefined) return port
  }
}

/**
 * Different ports, below those that the system gives to outgoing connections. A server can therefore
 * come back to its port after a pause, and a client that keeps dialling meanwhile is never given the
 * very port that it dials, which TCP would let it connect to itself.
 */
export async function freePorts(count: number): Promise<number[]> {
  const probes = new Map<number, Server>()
  while (probes.size < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1))
    const probe = createServer().listen(port, '127.0.0.1')
    try {
      await once(probe, 'listening')
      probes.set(port, probe)
    } catch {
      // Somebody has it.
    }
  }
  for (const probe of probes.values()) {
    probe.close()
    await once(probe, 'close')
  }
  return [...probes.keys()]
}
