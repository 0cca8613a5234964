/** A key's story on a terminal of 80 columns, and as one JSON object. Times are UTC. */

import { keyJson, timeText } from '../../admin/keys/key-json.ts'
import { type KeyRecord, keyStatusAt } from '../../core/key/key-record.ts'
import { printable, styled } from '../output.ts'
import type { KeyStory } from './key-story.ts'
import { type StoryItem, shortTime, spanText } from './story-item.ts'

const WIDTH = 80
const TIME_WIDTH = 21
const NAME_WIDTH = 13
const STYLES = { good: 'green', bad: 'red', warning: 'yellow', plain: 'bold' } as const
/** Holds words together while lines are broken. */
const TIED = '\u00a0'

export function storyText(story: KeyStory, nowMs: number): string {
  const { record, items } = story
  const lines = items.map((item, at) => itemText(item, items[at - 1]))
  return [headText(record, nowMs), lines.join('\n'), ...familyText(story, nowMs)].join('\n\n')
}

function headText(record: KeyRecord, nowMs: number): string {
  const pairs: (readonly [string, string])[] = [
    ['key', `${record.keyId}${record.name === null ? '' : `, ${record.name}`}`],
    ['owner', record.owner.email],
    ['tier', `${record.tier}, ${record.mode} key`],
    ['scopes', record.scopes.join(', ')],
    ['now', nowText(record, nowMs)],
  ]
  return pairs.map(pairText).join('\n')
}

function nowText(record: KeyRecord, nowMs: number): string {
  const status = keyStatusAt(record, nowMs)
  const { expiresAtMs } = record
  if (status === 'active') {
    const until = expiresAtMs === null ? '' : ` until ${shortTime(expiresAtMs)} UTC`
    return `active${until}: requests are answered, within its limits`
  }
  const sinceMs = status === 'revoked' ? record.revokedAtMs : expiresAtMs
  const isDated = status !== 'disabled' && sinceMs !== null
  const since = isDated ? ` ${agoText(sinceMs, nowMs)}, ${shortTime(sinceMs)} UTC` : ''
  return `${status}${since}: every request gets 401`
}

function agoText(atMs: number, nowMs: number): string {
  const span = spanText(nowMs - atMs)
  return span === undefined ? 'just now' : `${span} ago`
}

function itemText(item: StoryItem, before: StoryItem | undefined): string {
  const later = before && spanText(item.atMs - before.atMs)
  const tied = later === undefined ? '' : ` (${later} later)`.replaceAll(/(?<=.) /g, TIED)
  const [first = '', ...others] = brokenLines(
    `${printable(item.what + item.more)}${tied}`,
    WIDTH - TIME_WIDTH,
  )
  const what = first.slice(0, item.what.length)
  const head = styled(STYLES[item.tone], what) + first.slice(what.length)
  const time = styled('dim', shortTime(item.atMs))
  return [`${time}  ${head}`, ...others.map((line) => ' '.repeat(TIME_WIDTH) + line)]
    .join('\n')
    .replaceAll(TIED, ' ')
}

function familyText({ predecessors, successors }: KeyStory, nowMs: number): string[] {
  const row = (name: string) => (record: KeyRecord) => pairText([name, keyText(record, nowMs)])
  const rows = [
    ...predecessors.toReversed().map(row('replaces')),
    ...successors.map(row('replaced by')),
  ]
  return rows.length === 0 ? [] : [rows.join('\n')]
}

const keyText = (record: KeyRecord, nowMs: number): string =>
  `${record.keyId}  ${keyStatusAt(record, nowMs)}, created ${shortTime(record.createdAtMs)}`

function pairText([name, value]: readonly [name: string, value: string]): string {
  const lines = brokenLines(printable(value), WIDTH - NAME_WIDTH)
  return `${styled('dim', name.padEnd(NAME_WIDTH))}${lines.join(`\n${' '.repeat(NAME_WIDTH)}`)}`
}

/** Breaks at spaces, and inside words that are longer than a line, such as URLs. */
export function brokenLines(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`
    if (joined.length <= width) {
      line = joined
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (line.length > width) {
      lines.push(line.slice(0, width))
      line = line.slice(width)
    }
  }
  return [...lines, line]
}

export function storyJson(story: KeyStory): Record<string, unknown> {
  const { record, items, activity, predecessors, successors } = story
  return {
    key: keyJson(record),
    timeline: items.map(({ atMs, event, what, more, fields }) => ({
      ...{ time: timeText(atMs), event, text: what + more },
      ...fields,
    })),
    activity: activity === undefined ? null : activityJson(activity),
    replaces: predecessors.map(({ keyId }) => keyId),
    replaced_by: successors.map(({ keyId }) => keyId),
  }
}

function activityJson(activity: NonNullable<KeyStory['activity']>): Record<string, unknown> {
  return {
    requests: activity.requests,
    first_used_at: timeText(activity.firstUsedAtMs),
    last_used_at: timeText(activity.lastUsedAtMs),
    networks: activity.networks.map(({ network, requests, firstUsedAtMs, lastUsedAtMs }) => ({
      ...{ network, requests, first_used_at: timeText(firstUsedAtMs) },
      last_used_at: timeText(lastUsedAtMs),
    })),
    hours: activity.hours.map(({ startMs, requests }) => ({ time: timeText(startMs), requests })),
  }
}
