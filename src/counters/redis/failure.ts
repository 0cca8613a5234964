/** What a failed command means, said in the words of `CountersUnavailableError`. */
import { type CountersFailure, CountersUnavailableError } from '../../core/errors.ts'

/** First words of a server's error, https://redis.io/docs/latest/develop/reference/protocol-spec */
const REASONS: Readonly<Record<string, CountersFailure>> = {
  READONLY: 'read_only',
  MASTERDOWN: 'read_only',
  NOREPLICAS: 'read_only',
  LOADING: 'loading',
  BUSY: 'too_slow',
  TRYAGAIN: 'cluster_down',
  CLUSTERDOWN: 'cluster_down',
  MOVED: 'cluster_down',
  ASK: 'cluster_down',
  CROSSSLOT: 'server_error',
  OOM: 'out_of_memory',
  MISCONF: 'read_only',
  WRONGPASS: 'server_error',
  NOAUTH: 'server_error',
  NOPERM: 'server_error',
  ERR: 'server_error',
}

const MESSAGES: Readonly<Record<CountersFailure, string>> = {
  unreachable: 'Redis cannot be reached',
  too_slow: 'Redis does not answer in time',
  read_only: 'Redis takes no writes: this is a replica, or its disk is full',
  loading: 'Redis is loading its data',
  cluster_down: 'the Redis Cluster has slots that no server serves',
  out_of_memory: 'Redis is out of memory: raise maxmemory',
  server_error: 'Redis refused a command',
}

/** The error that a caller of the counters gets. */
export function unavailable(error: unknown): CountersUnavailableError {
  if (error instanceof CountersUnavailableError) return error
  const text = error instanceof Error ? error.message : String(error)
  const reason = reasonOf(text)
  const detail = reason === 'server_error' ? `: ${text.split('\n', 1)[0]?.slice(0, 200)}` : ''
  return new CountersUnavailableError(reason, `${MESSAGES[reason]}${detail}`, { cause: error })
}

/** A script reports what stopped one of its commands behind words of its own. */
function reasonOf(text: string): CountersFailure {
  const word = /^-?([A-Z]+)\b/.exec(text)?.[1]
  if (word !== undefined && word !== 'ERR') return REASONS[word] ?? 'unreachable'
  if (/\bOOM\b|used memory > 'maxmemory'/.test(text)) return 'out_of_memory'
  if (/\bREADONLY\b|read only replica/i.test(text)) return 'read_only'
  return word === 'ERR' ? 'server_error' : 'unreachable'
}

/**
 * What stopped one call of a batch. Where the server is to blame, all calls would fail; anything else
 * (a key that somebody else wrote, say) is a fault of this call alone, and no reason for an outage.
 */
export function callFailure(text: string): Error {
  const reason = reasonOf(text)
  if (reason === 'out_of_memory' || reason === 'read_only') return unavailable(text)
  return new Error(`the script failed for one request: ${text.slice(0, 200)}`)
}

/** The server does not have the script: it has run nothing. */
export const isUnknownScript = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT')
