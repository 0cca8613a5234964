/**
 * What happened to a key too often to be told one by one: refusals, and sign-ins of an admin's key.
 * Each day is one entry by kind, with counts; a change of the key begins new ones, so that a story
 * stays in order. Memory is bounded: of more addresses than a few only that there were more is kept.
 */
import type { AuditEvent, AuditRow } from '../../core/audit.ts'
import { counted } from '../output.ts'
import { listed, type StoryItem, shortTime } from './story-item.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const MAX_ADDRESSES = 100

const KINDS = {
  'limit.exceeded': { status: 429, what: 'refused', reason: 'limit' },
  'spend.exceeded': { status: 429, what: 'refused', reason: 'limit' },
  'auth.failed': { status: 401, what: 'refused', reason: 'reason' },
  'admin.signed_in': { status: null, what: 'signed in as admin', reason: null },
} as const satisfies Partial<Record<AuditEvent, unknown>>

type GroupedEvent = keyof typeof KINDS

interface Group {
  readonly event: GroupedEvent
  readonly firstMs: number
  lastMs: number
  count: number
  readonly reasons: Map<string, number>
  readonly addresses: Set<string>
}

export const isGrouped = (event: string): event is GroupedEvent => Object.hasOwn(KINDS, event)

export class DayGroups {
  readonly #done: Group[] = []
  #open = new Map<string, Group>()

  add(row: AuditRow, event: GroupedEvent): void {
    const name = `${event} ${Math.floor(row.atMs / DAY_MS)}`
    const group = this.#open.get(name) ?? newGroup(row, event)
    this.#open.set(name, group)
    group.lastMs = Math.max(group.lastMs, row.atMs)
    group.count += row.count
    const member = KINDS[event].reason
    const reason = member === null ? undefined : row.details[member]
    if (reason !== undefined) {
      group.reasons.set(`${reason}`, (group.reasons.get(`${reason}`) ?? 0) + row.count)
    }
    if (row.address !== null && group.addresses.size <= MAX_ADDRESSES) {
      group.addresses.add(row.address)
    }
  }

  /** The key has changed: what comes next is told by itself. */
  close(): void {
    this.#done.push(...this.#open.values())
    this.#open = new Map()
  }

  items(): StoryItem[] {
    this.close()
    return this.#done.map(itemOf)
  }
}

const newGroup = ({ atMs }: AuditRow, event: GroupedEvent): Group => ({
  ...{ event, firstMs: atMs, lastMs: atMs, count: 0 },
  ...{ reasons: new Map<string, number>(), addresses: new Set<string>() },
})

function itemOf({ event, firstMs, lastMs, count, reasons, addresses }: Group): StoryItem {
  const { what, status } = KINDS[event]
  const byCount = [...reasons].sort(([, a], [, b]) => b - a)
  const why = byCount.map(([reason, times]) => (reasons.size === 1 ? reason : `${times} ${reason}`))
  const parts = [
    ...(status === null ? [] : [` with ${status}`]),
    ...(why.length === 0 ? [] : [`: ${listed(why, 4)}`]),
    addressText([...addresses]),
    ...(shortTime(lastMs) === shortTime(firstMs) ? [] : [`, until ${shortTime(lastMs).slice(11)}`]),
  ]
  return {
    atMs: firstMs,
    event,
    tone: status === null ? 'plain' : 'warning',
    what: `${what}${count === 1 ? ' once' : ` ${counted(count, 'time')}`}`,
    more: parts.join(''),
    fields: {
      until: new Date(lastMs).toISOString(),
      ...{ status, count, reasons: Object.fromEntries(byCount) },
      ips: [...addresses].slice(0, MAX_ADDRESSES),
    },
  }
}

function addressText(addresses: readonly string[]): string {
  const [first] = addresses
  if (first === undefined) return ''
  if (addresses.length === 1) return `, from ${first}`
  if (addresses.length > MAX_ADDRESSES) return `, from over ${MAX_ADDRESSES} addresses`
  return `, from ${first} and ${addresses.length - 1} more`
}
