/**
 * `npm run demo`: an AI API behind Lockgate on this machine, to play with until Ctrl-C.
 * `-- --once` asks for every answer by itself and checks it: exit 0 when all are right, else 1.
 * `-- --port N` for another port than 8787; a taken one is passed over. Wrong usage exits 2.
 */
import { parseArgs } from 'node:util'
import { type PlayOptions, play } from '../../src/cli/demo/play.ts'
import { APP_DEMO } from './app-demo.ts'

const USAGE = 'Usage: npm run demo -- [--once] [--port NUMBER]'
const DEFAULT_PORT = 8787

function readArguments(): PlayOptions | undefined {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        port: { type: 'string', default: String(DEFAULT_PORT) },
      },
    })
    const port = Number(values.port)
    return Number.isInteger(port) && port > 0 && port < 65_535
      ? { once: values.once, port }
      : undefined
  } catch {
    return undefined
  }
}

const options = readArguments()
if (options === undefined) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  try {
    process.exitCode = (await play(APP_DEMO, options)) ? 0 : 1
  } catch (error) {
    console.error(`The demo failed: ${error instanceof Error ? error.message : error}`)
    process.exit(1)
  }
}
