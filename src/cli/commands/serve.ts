/**
 * `lockgate serve`. The gateway is loaded only when it is wanted: no other command needs an HTTP
 * client, and each of them starts the sooner.
 */
import type { Command } from 'commander'
import { CONFIG_OPTION } from '../open.ts'
import type { ServeOptions } from '../serving.ts'

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the gateway in front of an upstream')
    .option('--upstream <url>', 'where requests go; wins over the configuration')
    .option('--port <port>', 'of the gateway', '8787')
    .option('--admin-port <port>', 'of health and metrics', '8788')
    .option('--host <address>', 'to listen on', '127.0.0.1')
    .option('--workers <number>', 'processes that share the port, or auto; needs Redis', '1')
    .option(...CONFIG_OPTION)
    .action(async (options: ServeOptions) => {
      const { serve } = await import('../serving.ts')
      await serve(options)
    })
}
