/**
 * Refusals of the owner pages: a page instead of JSON, unless the client would rather have that. Code,
 * status and Retry-After stay; both have the headers of pages.
 */
import type { Refusal } from '../../http/admission.ts'
import type { RefusedRequest } from '../routes.ts'
import { prefersJson } from './accept.ts'
import { refusalPage } from './outcome-pages.ts'
import { PAGE_HEADERS, pageAnswer } from './page.ts'

export function pageRefusal(
  refusal: Refusal,
  { requestId, headers }: RefusedRequest,
  site: string,
): Refusal {
  const ours = Object.entries(PAGE_HEADERS)
  if (prefersJson(headers.accept)) {
    return { ...refusal, headers: replaced(refusal.headers, ours) }
  }
  const { body, contentType } = pageAnswer(refusalPage(refusal.code, requestId), site)
  const about: [string, string][] = [
    ['Content-Type', contentType],
    ['Content-Length', String(Buffer.byteLength(body))],
  ]
  return { ...refusal, headers: replaced(refusal.headers, [...about, ...ours]), body }
}

function replaced(
  headers: Refusal['headers'],
  instead: readonly (readonly [string, string])[],
): Refusal['headers'] {
  const names = new Set(instead.map(([name]) => name))
  return [...headers.filter(([name]) => !names.has(name)), ...instead]
}
