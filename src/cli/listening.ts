/** Where `lockgate serve` listens, and what it says about it. */
import type { AddressInfo } from 'node:net'
import type { Logger } from '../core/ports/logger.ts'
import type { Settings } from '../core/settings.ts'
import { readPort } from './arguments.ts'
import { CommandError } from './failure.ts'
import { warn } from './output.ts'
import { exposureWarnings } from './serving-checks.ts'

export interface Places {
  readonly host: string
  readonly port: number
  readonly adminPort: number
}

export function readPlaces(options: {
  readonly host: string
  readonly port: string
  readonly adminPort: string
}): Places {
  return {
    host: options.host,
    port: readPort(options.port, '--port'),
    adminPort: readPort(options.adminPort, '--admin-port'),
  }
}

interface Listener {
  listen(where: { readonly port: number; readonly host: string }): Promise<AddressInfo>
}

/** Resolves with the address; rejects with one line that names `option` where it cannot. */
export async function listenOrExplain(
  listener: Listener,
  host: string,
  port: number,
  option: string,
): Promise<AddressInfo> {
  try {
    return await listener.listen({ port, host })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : String(error)
    const reason =
      code === 'EADDRINUSE' ? 'the port is in use' : `it cannot be listened on (${code})`
    throw new CommandError(`${host}:${port}: ${reason}; choose another with ${option} or --host`)
  }
}

/** The one line for people. `by` says how many processes serve, when they are several. */
export function announce(
  settings: Settings,
  at: AddressInfo,
  adminAt: AddressInfo,
  log: Logger,
  by = '',
): void {
  const { upstream = 'the upstreams of its routes' } = settings.gateway
  warn(
    `lockgate: gateway on ${urlOf(at)} in front of ${upstream}${by}; health on ${urlOf(adminAt)}/health`,
  )
  for (const warning of exposureWarnings(settings, at.address)) log.warn({}, warning)
}

const urlOf = ({ address, family, port }: AddressInfo): string =>
  family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`

/** Who reads the audit lines may go away; the gate stays shut and open as before. */
export function surviveWithoutReader(log: Logger): void {
  process.stdout.removeAllListeners('error')
  let told = false
  process.stdout.on('error', () => {
    if (!told)
      log.warn({}, 'nobody reads stdout any more; audit rows are kept in the database only')
    told = true
  })
}
