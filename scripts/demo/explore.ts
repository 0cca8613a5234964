/** The demo for a person: what runs where, a line to paste, what to try next. */
import { relative } from 'node:path'
import { styleText } from 'node:util'
import type { AuditRow } from '../../src/core/audit.ts'
import type { Stage } from './stage.ts'

export function guideTo(stage: Stage): string {
  const { origin, openaiUrl, appOrigin, llm, freeKey, readOnlyKey, quickKey, databaseUrl } = stage
  const cli = `${nodeCommand()} src/cli/main.ts`
  return `
${heading('Lockgate demo: an AI API behind a gateway, all on this machine')}

  gateway       ${origin}, in front of the text-cleaner
  text-cleaner  ${appOrigin}, open to whoever can reach it
  LLM           ${llm.url}, a local fake: no model, no bill

${heading('1. Paste this into another terminal, in this folder')}

KEY=${freeKey.key}
READ=${readOnlyKey.key}
SDK=${quickKey.key}
export LOCKGATE_DATABASE_URL=${databaseUrl}
curl ${origin}/v1/clean \\
  -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"text":"teh  report ,is late !!"}'

${heading('2. Then try')}

${title('no key: 401')}
curl -i ${origin}/v1/clean -d '{}'

${title('a wrong key: 401, refused by its checksum, before any look-up')}
curl -i ${origin}/v1/clean -d '{}' -H "X-API-Key: \${KEY}x"

${title('a read-only key: 403 for a POST')}
curl -i ${origin}/v1/clean -d '{}' -H "X-API-Key: $READ"

${title('too many: 60 a minute, 12 more in a burst, then 429 with Retry-After')}
for i in $(seq 75); do curl -s -o /dev/null -w '%{http_code} ' \\
  ${origin}/v1/info -H "Authorization: Bearer $KEY"; done
curl -i ${origin}/v1/info -H "Authorization: Bearer $KEY"

${title('the audit log, and the proof that nobody edited it')}
${cli} audit list
${cli} audit verify

${title('revoke the key, then paste the first call again: 401 at once')}
${cli} keys revoke ${freeKey.record.keyId}

${title('the LLM itself, for curl or any OpenAI SDK; 3 requests in 2 s')}
curl ${openaiUrl}/chat/completions \\
  -H "Authorization: Bearer $SDK" -H 'Content-Type: application/json' \\
  -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"teh text"}]}'

${heading('3. The audit log as it grows; Ctrl-C ends the demo')}
`
}

/** The Node that runs the demo, which may be newer than the one a shell finds. */
function nodeCommand(): string {
  const path = relative(process.cwd(), process.execPath)
  return path.startsWith('..') ? 'node' : path
}

const heading = (text: string): string => styleText('bold', text)
const title = (text: string): string => styleText('cyan', `# ${text}`)

/** A row of the audit log in one line of a narrow terminal. */
export function auditLine({ atMs, event, keyId, address, count, details }: AuditRow): string {
  const time = new Date(atMs).toTimeString().slice(0, 8)
  const times = count === 1 ? [] : [`${count} times`]
  const from = address === null ? [] : [`from ${address}`]
  const said = SHOWN_DETAILS.filter((name) => name in details)
  const pairs = said.map((name) => `${name}: ${details[name]}`)
  const rest = [...times, ...pairs, ...from].join('  ')
  return `${styleText('dim', time)}  ${event.padEnd(15)} ${(keyId ?? '').padEnd(9)} ${rest}`.trimEnd()
}

const SHOWN_DETAILS = ['tier', 'scopes', 'limit', 'reason']
