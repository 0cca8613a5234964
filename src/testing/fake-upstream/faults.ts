/**
 * How a local fake misbehaves: for all calls of a server (`options.faults`), or for one call, as JSON in
 * its header `x-fake-faults`, which goes over those of the server. Only fakes know that header.
 */
import { isObject } from './json.ts'

/** Moments of an answer, in their order. An answer that is no stream has all but the last two. */
export const FAULT_PHASES = [
  'before-headers',
  'before-first-token',
  'middle',
  'after-last-token',
  'after-usage',
] as const

export type FaultPhase = (typeof FAULT_PHASES)[number]

export interface FakeFaults {
  /** Closes the connection then, as a provider does that dies. */
  readonly closeAt?: FaultPhase
  /** Sends nothing more from then on, until the client goes away. */
  readonly hangAt?: FaultPhase
  /** Produces all that it has to say, whatever the client set as maximum. */
  readonly ignoresMaxTokens?: boolean
  /** `none` is never told, `late` only `usageDelayMs` after the last token. Default: as asked. */
  readonly usage?: 'none' | 'late'
  /** Default 200. */
  readonly usageDelayMs?: number
  /** Told instead of the truth; the books keep the truth. */
  readonly wrongInputTokens?: number
  readonly wrongOutputTokens?: number
  /** ms before each token of the answer. */
  readonly tokenDelayMs?: number
  /** So long an answer, of words with three letters, instead of the cleaned text. */
  readonly outputTokens?: number
  /** Of the input; read from a cache. */
  readonly cachedInputTokens?: number
  /** Of the input; written to a cache. */
  readonly cacheWriteTokens?: number
  /** Refuses with this status (400 to 599); nothing is produced or booked. */
  readonly status?: number
}

export const FAULTS_HEADER = 'x-fake-faults'

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
const isPhase = (value: unknown): boolean => FAULT_PHASES.some((phase) => phase === value)

const FIELDS: Readonly<Record<keyof FakeFaults, (value: unknown) => boolean>> = {
  closeAt: isPhase,
  hangAt: isPhase,
  ignoresMaxTokens: (value) => typeof value === 'boolean',
  usage: (value) => value === 'none' || value === 'late',
  usageDelayMs: isCount,
  wrongInputTokens: isCount,
  wrongOutputTokens: isCount,
  tokenDelayMs: isCount,
  outputTokens: isCount,
  cachedInputTokens: isCount,
  cacheWriteTokens: isCount,
  status: (value) => isCount(value) && Number(value) >= 400 && Number(value) <= 599,
}

/** The header's faults; a text is what is wrong with them. */
export function parseFaults(header: string | undefined): FakeFaults | string {
  if (header === undefined) return {}
  let faults: unknown
  try {
    faults = JSON.parse(header)
  } catch {
    faults = undefined
  }
  if (!isObject(faults)) return `${FAULTS_HEADER} must be a JSON object.`
  for (const [name, value] of Object.entries(faults)) {
    if (!Object.hasOwn(FIELDS, name)) return `${FAULTS_HEADER} has no member "${name}".`
    if (!FIELDS[name as keyof FakeFaults](value)) return `${FAULTS_HEADER}: check "${name}".`
  }
  return faults
}
