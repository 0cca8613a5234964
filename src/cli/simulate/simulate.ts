/** Reads a log line by line and lets the simulator decide each call. Streams, and never stops at a bad line. */
import { createReadStream } from 'node:fs'
import { CommandError } from '../failure.ts'
import { readCombinedLine } from './combined-log.ts'
import { readJsonLine } from './json-log.ts'
import { linesOf } from './lines.ts'
import type { BadLine, LogEntry } from './log-entry.ts'
import type { BadLines } from './simulation-view.ts'
import type { Simulator } from './simulator.ts'

export const FORMATS = ['auto', 'combined', 'json'] as const
export type LogFormat = (typeof FORMATS)[number]

export interface LogOptions {
  /** `-` is stdin. */
  readonly path: string
  readonly format: LogFormat
  readonly keyField: string | undefined
}

export async function simulateLog(simulator: Simulator, options: LogOptions): Promise<BadLines> {
  const bad: BadLines = { count: 0, first: undefined }
  let number = 0
  for await (const line of linesOf(chunksOf(options.path))) {
    number += 1
    if (line?.trim() === '') continue
    const entry = readLine(line, options)
    if ('problem' in entry) {
      bad.count += 1
      bad.first ??= { line: number, problem: entry.problem }
    } else {
      simulator.take(entry)
    }
  }
  return bad
}

function readLine(line: string | null, { format, keyField }: LogOptions): LogEntry | BadLine {
  if (line === null) return { problem: 'it is longer than a million characters' }
  const isJson = format === 'json' || (format === 'auto' && line.trimStart().startsWith('{'))
  return isJson ? readJsonLine(line, keyField) : readCombinedLine(line, keyField)
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const stream = path === '-' ? process.stdin : createReadStream(path)
  let isFirst = true
  try {
    for await (const chunk of stream) {
      if (isFirst && isCompressed(chunk)) {
        throw new CommandError(
          `${path} is compressed; run it as: zcat ${path} | lockgate simulate -`,
        )
      }
      isFirst = false
      yield chunk
    }
  } catch (error) {
    if (error instanceof CommandError || !(error instanceof Error)) throw error
    throw new CommandError(`cannot read ${path}: ${error.message}`, { cause: error })
  }
}

/** gzip, as rotated logs are. */
const isCompressed = (chunk: Uint8Array): boolean => chunk[0] === 0x1f && chunk[1] === 0x8b
