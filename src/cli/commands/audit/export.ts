/** `lockgate audit export`: rows for other programs, streamed, to stdout or to a file. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { AuditRow } from '../../../core/audit.ts'
import { auditCsv, CSV_HEAD } from '../../audit-csv.ts'
import { auditJson } from '../../audit-view.ts'
import { write } from '../../output.ts'
import { type Write, writePrivateFile } from '../../private-file.ts'
import { addChoiceOptions, type ChoiceOptions, withRows } from './chosen-rows.ts'

const FORMATS = ['csv', 'json', 'ndjson'] as const

interface ExportOptions extends ChoiceOptions {
  readonly format: (typeof FORMATS)[number]
  readonly out?: string
}

export function addExport(audit: Command): void {
  addChoiceOptions(audit.command('export').description('print rows as CSV or JSON, oldest first'))
    .addOption(
      new Option('--format <format>', 'csv, json (one array) or ndjson (one object a line)')
        .choices(FORMATS)
        .default('csv'),
    )
    .option('--out <file>', 'write to this file, for its owner only (default: stdout)')
    .action(exportRows)
}

function exportRows({ format, out, ...options }: ExportOptions): Promise<void> {
  return withRows(options, async (pages) => {
    const texts = TEXTS[format](pages)
    const copyTo = async (put: Write): Promise<void> => {
      for await (const text of texts) await put(text)
    }
    await (out === undefined ? copyTo(write) : writePrivateFile(out, copyTo))
  })
}

type Pages = AsyncIterable<readonly AuditRow[]>

/** A page at a time, so that memory is bounded by one. */
const TEXTS: Readonly<Record<ExportOptions['format'], (pages: Pages) => AsyncGenerator<string>>> = {
  async *csv(pages) {
    yield CSV_HEAD
    for await (const page of pages) yield page.map(auditCsv).join('')
  },
  async *json(pages) {
    let between = '[\n'
    for await (const page of pages) {
      if (page.length === 0) continue
      yield between + page.map(auditJson).join(',\n')
      between = ',\n'
    }
    yield between === '[\n' ? '[]\n' : '\n]\n'
  },
  async *ndjson(pages) {
    for await (const page of pages) yield page.map((row) => `${auditJson(row)}\n`).join('')
  },
}
