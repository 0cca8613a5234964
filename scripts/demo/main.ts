/**
 * `npm run demo`: an AI API behind Lockgate on this machine, to play with until Ctrl-C.
 * `-- --once` asks for every answer by itself and checks it: exit 0 when all are right, else 1.
 * `-- --port N` for another port than 8787; a taken one is passed over. Wrong usage exits 2.
 */
import { parseArgs } from 'node:util'
import { auditLine, guideTo } from './explore.ts'
import { startStage } from './stage.ts'
import { walk } from './walk.ts'

const USAGE = 'Usage: npm run demo -- [--once] [--port NUMBER]'
const DEFAULT_PORT = 8787

interface Arguments {
  readonly once: boolean
  readonly port: number
}

function readArguments(): Arguments | undefined {
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

async function walkOnce(port: number): Promise<number> {
  const stage = await startStage({ port })
  console.log(`gateway   ${stage.origin}\ndatabase  ${stage.databaseUrl}`)
  try {
    const failures = await walk(stage)
    console.log(failures === 0 ? '\nEverything as expected.' : `\n${failures} steps went wrong.`)
    return failures === 0 ? 0 : 1
  } finally {
    await stage.close()
  }
}

async function explore(port: number): Promise<number> {
  const ended = stopSignal()
  const stage = await startStage({ port, onAudit: (row) => console.log(auditLine(row)) })
  console.log(guideTo(stage))
  await ended
  await stage.close()
  const { requests } = stage.llm.books.total
  console.log(
    `\nThe demo is over. Calls that reached the LLM: ${requests}. The database is removed.`,
  )
  return 0
}

/** Fulfils at the first Ctrl-C; a second one ends the process as usual. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}

const args = readArguments()
if (args === undefined) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  try {
    process.exitCode = await (args.once ? walkOnce(args.port) : explore(args.port))
  } catch (error) {
    console.error(`The demo failed: ${error instanceof Error ? error.message : error}`)
    process.exit(1)
  }
}
