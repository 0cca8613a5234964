/** Amounts by day as bars, for a terminal: eighths of a block character, no colour. */
import type { SpendLine } from '../../core/ports/ledger.ts'
import { exactDollars } from '../price.ts'

const WIDTH = 40
const MOST_DAYS = 31
const DAY_MS = 86_400_000
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** The newest days with an amount and those between them, oldest first; at most a month of them. */
export function dayChart(days: readonly Pick<SpendLine, 'name' | 'microUsd'>[]): string {
  const newest = days.at(-1)
  if (newest === undefined) return ''
  const byDay = new Map(days.map(({ name, microUsd }) => [name, microUsd]))
  const lastMs = Date.parse(newest.name)
  const firstMs = Math.max(
    Date.parse(days[0]?.name ?? newest.name),
    lastMs - (MOST_DAYS - 1) * DAY_MS,
  )
  const shown: (readonly [day: string, microUsd: number])[] = []
  for (let atMs = firstMs; atMs <= lastMs; atMs += DAY_MS) {
    const day = new Date(atMs).toISOString().slice(0, 10)
    shown.push([day, byDay.get(day) ?? 0])
  }
  const most = Math.max(...shown.map(([, microUsd]) => microUsd))
  return shown.map(([day, microUsd]) => chartLine(day, microUsd, most)).join('\n')
}

function chartLine(day: string, microUsd: number, most: number): string {
  const bar = microUsd === 0 ? '' : ` ${barOf(microUsd / most)}`
  return `${day} ${bar} ${exactDollars(microUsd)}`.replace(/ +/g, ' ')
}

/** What is not nothing shows. */
function barOf(fraction: number): string {
  const eighths = Math.max(1, Math.round(fraction * WIDTH * 8))
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
}
