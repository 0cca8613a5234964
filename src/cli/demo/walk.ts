/**
 * The demo without a person: every answer that Lockgate gives, asked for and compared with what it
 * must be. Takes some seconds; the longest wait is a Retry-After.
 */
import { auditAccount } from '../replay/audit-account.ts'
import type { Answer, Ask } from './answer.ts'
import type { Ledger } from './ledger.ts'
import { OWNERS_CREDENTIAL, type Stage } from './stage.ts'
import { verifyWithCli } from './verify-with-cli.ts'

const TEXT = 'teh  letter is late'
const CLEANED = 'The letter is late.'
/** The free tier: 60 a minute and a burst of 12. */
const MOST = 72
const TOO_MANY = 75

export async function keySteps(stage: Stage, ledger: Ledger, ask: Ask): Promise<void> {
  const { endpoint, freeKey, readOnlyKey } = stage
  const body = endpoint.bodyOf(TEXT)
  const post = (key?: string): Promise<Answer> => ask(endpoint.postUrl, key, body)
  const answer = await post(freeKey.key)
  const text = endpoint.textOf(answer.body)
  ledger.step('a free key', `200 ${CLEANED}`, `${answer.status} ${text}`)
  ledger.step('no key', '401 missing_key', told(await post()))
  ledger.step('a wrong key', '401 invalid_key', told(await post(mistyped(freeKey.key))))
  const refused = await post(readOnlyKey.key)
  ledger.step('a read-only key, POST', '403 insufficient_scope', told(refused))
  const { status } = await ask(endpoint.getUrl, readOnlyKey.key)
  ledger.step('the same key, GET', '200', String(status))
}

/**
 * Goes on with the free key until it is refused; one of its requests is used already. Resolves with
 * the number of 429s.
 */
export async function limitSteps(stage: Stage, ledger: Ledger, ask: Ask): Promise<number> {
  const { endpoint, freeKey, llm } = stage
  const body = endpoint.bodyOf(TEXT)
  const before = llm.books.total.requests
  const refusals: Answer[] = []
  for (let call = 1; call < TOO_MANY; call += 1) {
    const answer = await ask(endpoint.postUrl, freeKey.key, body)
    if (answer.status !== 200) refusals.push(answer)
  }
  const admitted = TOO_MANY - refusals.length
  ledger.step(`${TOO_MANY} calls in a row`, `${MOST} admitted`, `${admitted} admitted`)
  const reached = llm.books.total.requests - before
  ledger.step('calls the LLM got', `1 and ${MOST - 1}`, `${before} and ${reached}`)
  const last = refusals.at(-1)
  const retryAfter = last?.headers.get('retry-after') ?? 'none'
  ledger.step('the next call', '429 rate_limited', last === undefined ? 'nothing' : told(last))
  ledger.step('its Retry-After', `${last && refusalOf(last)['retry_after']} s`, `${retryAfter} s`)
  return refusals.filter(({ status }) => status === 429).length
}

export async function revocationSteps(stage: Stage, ledger: Ledger, ask: Ask): Promise<void> {
  const { gate, endpoint, readOnlyKey } = stage
  ledger.heading('Revocation: 401 on the next request')
  await gate.keys.revoke(readOnlyKey.record.keyId)
  const answer = await ask(endpoint.getUrl, readOnlyKey.key)
  ledger.step('the revoked key', '401 invalid_key', told(answer))
}

/** Neither the app nor the gateways may send a client's key on. */
export function credentialStep({ llm }: Stage, ledger: Ledger): void {
  const seen = [...llm.books.byKey.keys()].join(', ')
  ledger.step('credential the LLM saw', OWNERS_CREDENTIAL, seen)
}

/** `refused` is how many 429s were sent. */
export async function auditSteps(stage: Stage, ledger: Ledger, refused: number): Promise<void> {
  const { gate, databaseUrl, flushAudit } = stage
  ledger.heading('The audit log')
  await flushAudit()
  const { limitExceeded, byLimit } = await auditAccount(gate)
  const limits = [...byLimit].map(([limit, count]) => `${limit} ${count}`).join(', ')
  ledger.step('429s the audit counts', String(refused), String(limitExceeded))
  const { exitCode, said } = await verifyWithCli(databaseUrl)
  ledger.step('lockgate audit verify', 'exit 0', `exit ${exitCode}`)
  ledger.note(`429s by limit: ${limits}`)
  ledger.note(said)
}

const told = (answer: Answer): string => `${answer.status} ${refusalOf(answer)['code']}`

/** The members of a refusal, which OpenAI's form nests in `error`. */
function refusalOf({ body }: Answer): Answer['body'] {
  const nested = body['error']
  return typeof nested === 'object' && nested !== null ? { ...nested } : body
}

/** The key with its last character changed, as a typing error does. */
const mistyped = (key: string): string => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0')
