/** The demo for a person: what runs where, lines to paste, what to try next. */
import { styled } from '../output.ts'
import type { Stage } from './stage.ts'

/** What differs between demos. */
export interface GuideText {
  readonly title: string
  /** What runs, and where. */
  readonly places: readonly (readonly [name: string, place: string])[]
  /** Shell variables beside KEY and READ. */
  readonly variables: readonly (readonly [name: string, value: string])[]
  /** How `lockgate` is started in a terminal. */
  readonly cli: string
  /** More to try: a comment, then lines to paste. */
  readonly more: readonly Section[]
}

const PLACE_WIDTH = 14

export function guideTo(stage: Stage, text: GuideText): string {
  const { endpoint, freeKey, readOnlyKey, databaseUrl } = stage
  const variables = [
    ['KEY', freeKey.key],
    ['READ', readOnlyKey.key],
    ...text.variables,
    ['export LOCKGATE_DATABASE_URL', databaseUrl],
  ]
  // What uses the key up comes last.
  const sections = [...refusals(stage), ...text.more, ...endings(stage, text.cli)]
  return [
    `\n${styled('bold', text.title)}\n`,
    ...text.places.map(([name, place]) => `  ${name.padEnd(PLACE_WIDTH)}${place}`),
    `\n${styled('bold', '1. Paste this into another terminal, in this folder')}\n`,
    ...variables.map(([name, value]) => `${name}=${value}`),
    curlPost(endpoint.postUrl, 'KEY', endpoint.bodyOf('teh  report ,is late !!')),
    `\n${styled('bold', '2. Then try')}\n`,
    ...sections.map(([comment, lines]) => `${styled('cyan', `# ${comment}`)}\n${lines}\n`),
    `${styled('bold', '3. The audit log as it grows; Ctrl-C ends the demo')}\n`,
  ].join('\n')
}

type Section = readonly [comment: string, lines: string]

function refusals({ endpoint: { postUrl } }: Stage): Section[] {
  return [
    ['no key: 401', `curl -i ${postUrl} -d '{}'`],
    [
      'a wrong key: 401, refused by its checksum, before any look-up',
      `curl -i ${postUrl} -d '{}' -H "X-API-Key: \${KEY}x"`,
    ],
    ['a read-only key: 403 for a POST', `curl -i ${postUrl} -d '{}' -H "X-API-Key: $READ"`],
  ]
}

function endings({ endpoint: { getUrl }, freeKey }: Stage, cli: string): Section[] {
  return [
    [
      'too many: 60 a minute, 12 more in a burst, then 429 with Retry-After',
      `for i in $(seq 75); do curl -s -o /dev/null -w '%{http_code} ' \\
  ${getUrl} -H "Authorization: Bearer $KEY"; done
curl -i ${getUrl} -H "Authorization: Bearer $KEY"`,
    ],
    [
      'the audit log, and the proof that nobody edited it',
      `${cli} audit list\n${cli} audit verify`,
    ],
    [
      'revoke the key, then paste the first call again: 401 at once',
      `${cli} keys revoke ${freeKey.record.keyId}`,
    ],
  ]
}

/** A POST as a person pastes it; `variable` holds the key. */
export function curlPost(url: string, variable: string, body: object): string {
  return `curl ${url} \\
  -H "Authorization: Bearer $${variable}" -H 'Content-Type: application/json' \\
  -d '${JSON.stringify(body)}'`
}
