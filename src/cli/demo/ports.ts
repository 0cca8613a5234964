/** A port that nobody listens on: the wanted one, or the next that is free. */
import { createServer } from 'node:net'
import { CommandError } from '../failure.ts'

/** How many ports are tried after the first. */
const TRIES = 50

/** Rejects when none of `TRIES` ports from `wanted` on is free; 0 stays 0, which is any. */
export async function freePort(wanted: number, host: string): Promise<number> {
  for (let port = wanted; port <= Math.min(wanted + TRIES, 65_535); port += 1) {
    if (await isFree(port, host)) return port
  }
  throw new CommandError(
    `no port from ${wanted} to ${wanted + TRIES} is free; name another with --port`,
  )
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    })
    probe.listen(port, host, () => probe.close(() => resolve(true)))
  })
}
