/**
 * Which protocol a path speaks. Only the end of a path counts, so that any base path works, and it is
 * read as lenient servers would: a slash at the end, path parameters and case make no difference.
 * Otherwise a spelling that the upstream understands would go by unmetered.
 */
import type { AiProtocol } from './contract.ts'

export interface Endpoint {
  readonly protocol: AiProtocol
  /** Named by the path (`/deployments/NAME/chat/completions`), where the body's name means nothing. */
  readonly model: string | undefined
}

/** The first that fits wins. */
const SUFFIXES: readonly (readonly [suffix: string, protocol: AiProtocol])[] = [
  ['/chat/completions', 'openai-chat'],
  ['/completions', 'openai-completions'],
  ['/responses', 'openai-responses'],
  ['/embeddings', 'openai-embeddings'],
  ['/v1/messages', 'anthropic-messages'],
]

/** The endpoint at a path; undefined where nothing there is a call. A query is not looked at. */
export function endpointOf(path: string): Endpoint | undefined {
  const plain = plainPath(path)
  const lower = plain.toLowerCase()
  for (const [suffix, protocol] of SUFFIXES) {
    if (lower.endsWith(suffix)) return { protocol, model: modelIn(plain, lower, suffix) }
  }
  return undefined
}

function plainPath(path: string): string {
  const query = path.indexOf('?')
  const whole = query === -1 ? path : path.slice(0, query)
  const segments = whole.includes(';') ? whole.split('/').map(withoutParameters) : undefined
  const bare = segments === undefined ? whole : segments.join('/')
  let end = bare.length
  while (end > 0 && bare[end - 1] === '/') end--
  return bare.slice(0, end)
}

function withoutParameters(segment: string): string {
  const at = segment.indexOf(';')
  return at === -1 ? segment : segment.slice(0, at)
}

function modelIn(plain: string, lower: string, suffix: string): string | undefined {
  const base = lower.length - suffix.length
  const nameAt = lower.lastIndexOf('/', base - 1) + 1
  const parent = lower.slice(0, Math.max(0, nameAt - 1))
  const isNamed = parent.endsWith('/deployments') || parent.endsWith('/engines')
  return isNamed && nameAt < base ? plain.slice(nameAt, base) : undefined
}
