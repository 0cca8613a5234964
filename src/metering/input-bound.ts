/**
 * The most input tokens that a call can have: one for each byte of its body, because no tokenizer makes
 * more, and fixed numbers for what the API adds by itself.
 *
 * Media are not read as text: each counts as `MEDIA_TOKENS` instead of its bytes. That holds only where
 * a part of a message says that it is media and its type is one that is not made of text; wherever else
 * a `data:` URL stands, it is text to the model, and its bytes count.
 */
import type { AiProtocol } from './contract.ts'
import { isObject, type JsonObject, listOf, objectOf } from './json-value.ts'

/** An image, a recording or a document, however it is given. */
const MEDIA_TOKENS = 40_000
/** What the API keeps of a conversation and reads again: a large context window. */
const STORED_CONTEXT_TOKENS = 400_000
/** The instructions that an API adds where there are tools. */
const TOOLS_TOKENS = 1_000

/** Parts hold parts (a result of a tool holds images), but not deeper than this. */
const MAX_DEPTH = 3
const MEDIA_TYPE = /^(?:image|audio|video)\/|^application\/pdf$/

export function inputBound(protocol: AiProtocol, body: JsonObject, bodyBytes: number): number {
  let tokens = bodyBytes
  for (const item of [...listOf(body['messages']), ...listOf(body['input'])]) {
    if (isObject(item)) tokens += mediaIn(item, MAX_DEPTH)
  }
  if (listOf(body['tools']).length > 0) tokens += TOOLS_TOKENS
  if (protocol === 'openai-responses' && readsStored(body)) tokens += STORED_CONTEXT_TOKENS
  return tokens
}

const readsStored = (body: JsonObject): boolean =>
  [body['previous_response_id'], body['conversation'], body['prompt']].some(
    (value) => value !== undefined && value !== null,
  )

/** What has to be added to the bytes of a message or a part because of media in it. */
function mediaIn(holder: JsonObject, depth: number): number {
  let tokens = mediaPart(holder)
  if (depth === 0) return tokens
  for (const inner of [holder['content'], holder['output'], holder['source']]) {
    for (const part of Array.isArray(inner) ? inner : [inner]) {
      if (isObject(part)) tokens += mediaIn(part, depth - 1)
    }
  }
  return tokens
}

/** Where each type of part has its media. */
function mediaPart(part: JsonObject): number {
  switch (part['type']) {
    case 'image_url':
    case 'video_url':
    case 'audio_url':
      return ofUrl(urlOf(part[part['type']]))
    case 'input_image':
    case 'computer_screenshot':
      return ofUrl(urlOf(part['image_url']))
    case 'file':
      return isObject(part['file']) ? ofUrl(part['file']['file_data']) : 0
    case 'input_file':
      return ofUrl(part['file_data'])
    case 'input_audio':
      return MEDIA_TOKENS - lengthOf(objectOf(part['input_audio'])?.['data'])
    case 'image':
    case 'document':
      return ofSource(objectOf(part['source']))
    default:
      return 0
  }
}

const urlOf = (value: unknown): unknown => (isObject(value) ? value['url'] : value)

/** A `data:` URL, or a reference to what is elsewhere. */
function ofUrl(url: unknown): number {
  if (typeof url !== 'string' || !url.startsWith('data:')) return MEDIA_TOKENS
  return isMedia(url.slice(5, 100)) ? MEDIA_TOKENS - url.length : MEDIA_TOKENS
}

function ofSource(source: JsonObject | undefined): number {
  if (source?.['type'] === 'text' || source?.['type'] === 'content') return 0
  if (source?.['type'] !== 'base64') return MEDIA_TOKENS
  const type = source['media_type']
  const isOpaque = typeof type === 'string' && isMedia(type.slice(0, 100))
  return isOpaque ? MEDIA_TOKENS - lengthOf(source['data']) : MEDIA_TOKENS
}

const isMedia = (type: string): boolean =>
  MEDIA_TYPE.test((type.split(/[;,]/, 1)[0] ?? '').toLowerCase())

/** At most its bytes, so that never more is taken off than was counted. */
const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0)
