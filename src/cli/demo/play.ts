/** Plays a demo to its end: by itself, or for a person until Ctrl-C. */
import { counted } from '../output.ts'
import { listenForStop } from '../stop-signal.ts'
import { auditLine } from './audit-line.ts'
import { Ledger } from './ledger.ts'
import type { Stage, StageOptions } from './stage.ts'

export interface Demo<OwnStage extends Stage> {
  readonly open: (options: StageOptions) => Promise<OwnStage>
  /** What a person is told. */
  readonly guide: (stage: OwnStage) => string
  readonly walk: (stage: OwnStage, ledger: Ledger) => Promise<void>
}

export interface PlayOptions {
  /** Asks for every answer, checks it and ends. */
  readonly once: boolean
  /** As in `StageOptions`. */
  readonly port: number
}

/** Resolves with true unless a step of the walk went wrong. */
export function play<OwnStage extends Stage>(
  demo: Demo<OwnStage>,
  { once, port }: PlayOptions,
): Promise<boolean> {
  return once ? walkOnce(demo, port) : explore(demo, port)
}

async function walkOnce<OwnStage extends Stage>(
  { open, walk }: Demo<OwnStage>,
  port: number,
): Promise<boolean> {
  const stage = await open({ port })
  try {
    print(`gateway   ${stage.origin}\ndatabase  ${stage.databaseUrl}`)
    const ledger = new Ledger(print)
    ledger.columns()
    await walk(stage, ledger)
    const { wrong } = ledger
    print(wrong === 0 ? '\nEverything as expected.' : `\n${counted(wrong, 'step')} went wrong.`)
    return wrong === 0
  } finally {
    await stage.close()
  }
}

async function explore<OwnStage extends Stage>(
  { open, guide }: Demo<OwnStage>,
  port: number,
): Promise<boolean> {
  const stop = listenForStop()
  const stage = await open({ port, onAudit: (row) => print(auditLine(row)) })
  print(guide(stage))
  await stop.received
  await stage.close()
  const { requests } = stage.llm.books.total
  print(`\nThe demo is over. Calls that reached the LLM: ${requests}. The database is removed.`)
  return true
}

/** Lines of a demo are few: there is no need to wait until the terminal has taken them. */
function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
