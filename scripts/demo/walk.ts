/**
 * The demo without a person: every answer that Lockgate gives, asked for by curl and by OpenAI's
 * SDK, each compared with what it must be. Takes some seconds; the longest wait is a Retry-After.
 */
import { auditAccount } from '../replay/audit-account.ts'
import { type CurlAnswer, curl } from './curl.ts'
import { Ledger } from './ledger.ts'
import { sdkSteps } from './sdk-steps.ts'
import type { Stage } from './stage.ts'
import { verifyWithCli } from './verify-with-cli.ts'

const TEXT = 'teh  letter is late'
const CLEANED = 'The letter is late.'
/** The free tier: 60 a minute and a burst of 12. */
const MOST = 72
const TOO_MANY = 75

/** Resolves with the number of steps that went wrong. */
export async function walk(stage: Stage): Promise<number> {
  const ledger = new Ledger()
  ledger.columns()
  await keySteps(stage, ledger)
  const refusedByCurl = await limitSteps(stage, ledger)
  const refusedBySdk = await sdkSteps(stage, ledger)
  await revocationSteps(stage, ledger)
  await auditSteps(stage, ledger, refusedByCurl + refusedBySdk)
  return ledger.wrong
}

async function keySteps({ origin, freeKey, readOnlyKey }: Stage, ledger: Ledger): Promise<void> {
  const url = `${origin}/v1/clean`
  ledger.heading('Keys and scopes, by curl')
  const answer = await curl(url, freeKey.key, TEXT)
  const text = answer.body['text']
  ledger.step('a free key', `200 ${CLEANED}`, `${answer.status} ${text}`)
  ledger.step('no key', '401 missing_key', told(await curl(url, undefined, TEXT)))
  ledger.step('a wrong key', '401 invalid_key', told(await curl(url, mistyped(freeKey.key), TEXT)))
  const refused = await curl(url, readOnlyKey.key, TEXT)
  ledger.step('a read-only key, POST', '403 insufficient_scope', told(refused))
  const { status } = await curl(`${origin}/v1/info`, readOnlyKey.key)
  ledger.step('the same key, GET', '200', String(status))
}

/** Goes on with the free key until it is refused; one of its requests is used already. */
async function limitSteps({ origin, freeKey, llm }: Stage, ledger: Ledger): Promise<number> {
  ledger.heading('Limits, by curl: 60 a minute and 12 more in a burst')
  const before = llm.books.total.requests
  const refusals: CurlAnswer[] = []
  for (let call = 1; call < TOO_MANY; call += 1) {
    const answer = await curl(`${origin}/v1/clean`, freeKey.key, TEXT)
    if (answer.status !== 200) refusals.push(answer)
  }
  const admitted = TOO_MANY - refusals.length
  ledger.step(`${TOO_MANY} calls in a row`, `${MOST} admitted`, `${admitted} admitted`)
  const reached = llm.books.total.requests - before
  ledger.step('calls the LLM got', `1 and ${MOST - 1}`, `${before} and ${reached}`)
  const last = refusals.at(-1)
  const retryAfter = last?.headers.get('retry-after') ?? 'none'
  ledger.step('the next call', '429 rate_limited', last === undefined ? 'nothing' : told(last))
  ledger.step('its Retry-After', `${last?.body['retry_after']} s`, `${retryAfter} s`)
  return refusals.filter(({ status }) => status === 429).length
}

async function revocationSteps(
  { gate, origin, readOnlyKey }: Stage,
  ledger: Ledger,
): Promise<void> {
  ledger.heading('Revocation: 401 on the next request')
  await gate.keys.revoke(readOnlyKey.record.keyId)
  const answer = await curl(`${origin}/v1/info`, readOnlyKey.key)
  ledger.step('the revoked key', '401 invalid_key', told(answer))
}

async function auditSteps(
  { gate, databaseUrl, flushAudit }: Stage,
  ledger: Ledger,
  refused: number,
): Promise<void> {
  ledger.heading('The audit log')
  await flushAudit()
  const { limitExceeded, byLimit } = await auditAccount(gate)
  const limits = [...byLimit].map(([limit, count]) => `${limit} ${count}`).join(', ')
  ledger.step('429s the audit counts', String(refused), String(limitExceeded))
  const { exitCode, said } = await verifyWithCli(databaseUrl)
  ledger.step('lockgate audit verify', 'exit 0', `exit ${exitCode}`)
  console.log(`\n  429s by limit: ${limits}`)
  console.log(`  ${said}`)
}

const told = ({ status, body }: CurlAnswer): string => `${status} ${body['code']}`

/** The key with its last character changed, as a typing error does. */
const mistyped = (key: string): string => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0')
