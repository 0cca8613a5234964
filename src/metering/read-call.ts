/**
 * `readCall`: what a request asks of an AI API, the most that it can cost, and what is sent on for it.
 *
 * The body is read strictly, because money hangs on two readers seeing the same in it: UTF-8, JSON, and
 * none of the members that matter twice or in another case. What has to be set is written into the text;
 * everything else stays as it was sent, and a body without changes is the client's bytes.
 */
import { hideKeys } from '../core/key/hide-keys.ts'
import type { AiProtocol, CallPolicy, ReadCall } from './contract.ts'
import { inputBound } from './input-bound.ts'
import { isObject, type JsonObject, parseJson } from './json-value.ts'
import {
  type Edit,
  edited,
  type MemberText,
  type ObjectText,
  readObjectText,
} from './object-text.ts'
import { outputBound } from './output-bound.ts'
import { endpointOf } from './protocol.ts'

const MAX_MODEL_LENGTH = 200
const MODEL = /^[\x21-\x7e]+$/

/** Members of which there must be one, spelt like this. */
const DECISIVE: ReadonlySet<string> = new Set([
  'model',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'n',
  'best_of',
  'stream',
  'stream_options',
])
const STREAM_DECISIVE: ReadonlySet<string> = new Set(['include_usage'])

const OTHER: ReadCall = Object.freeze({ kind: 'other' })

/**
 * Reads a request with a body; never throws. `path` is decoded and without its query.
 *
 * ```ts
 * const read = readCall('/v1/chat/completions', body, policy)
 * ```
 */
export function readCall(path: string, body: Uint8Array, policy: CallPolicy): ReadCall {
  const endpoint = endpointOf(path)
  if (endpoint === undefined) return OTHER
  const text = decode(body)
  const json = text === undefined ? undefined : parseJson(text)
  if (text === undefined || !isObject(json)) {
    return refused('invalid_json', 'The body must be one JSON object, in UTF-8.')
  }
  const object = readObjectText(text, 0, DECISIVE)
  const doubtful = doubtfulMember(object, DECISIVE)
  if (doubtful !== undefined) return doubtful
  const model = endpoint.model ?? json['model']
  if (typeof model !== 'string' || model.length > MAX_MODEL_LENGTH || !MODEL.test(model)) {
    return refused('invalid_field', 'model must name the model to use.')
  }
  // Refused here it is in no log and no ledger, and the upstream never sees it.
  if (hideKeys(model) !== model) {
    return refused('invalid_field', 'model must name the model to use; it holds an API key.')
  }
  if (!policy.allowsModel(model)) {
    return refused('model_not_allowed', `This API key may not use the model "${model}".`)
  }
  return bounded({ protocol: endpoint.protocol, model, text, json, object, body, policy })
}

interface Reading {
  readonly protocol: AiProtocol
  readonly model: string
  readonly text: string
  readonly json: JsonObject
  readonly object: ObjectText
  readonly body: Uint8Array
  readonly policy: CallPolicy
}

function bounded(reading: Reading): ReadCall {
  const { protocol, model, text, json, object, body, policy } = reading
  const output = outputBound(protocol, model, json, policy)
  if (!output.ok) return refused('invalid_field', output.message)
  const { stream } = json
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    return refused('invalid_field', 'stream must be true or false.')
  }
  const isStream = stream === true
  const edits = edit(object, output.set)
  let hidesUsage = false
  if (isStream && (protocol === 'openai-chat' || protocol === 'openai-completions')) {
    const asked = askForUsage(text, json, object)
    if (!Array.isArray(asked)) return asked
    edits.push(...asked)
    hidesUsage = asked.length > 0
  }
  const call = {
    ...{ protocol, model, isStream, hidesUsage },
    body: edits.length === 0 ? body : ENCODER.encode(edited(text, edits)),
    inputTokens: inputBound(protocol, json, body.byteLength),
    outputTokens: output.tokens,
  }
  return { kind: 'call', call }
}

/** Sets members to numbers; those that are there keep their place. */
function edit(object: ObjectText, set: ReadonlyMap<string, number>): Edit[] {
  return [...set].map(([name, value]) => setMember(object, name, String(value)))
}

function setMember(object: ObjectText, name: string, value: string): Edit {
  const known = memberOf(object, name)
  if (known !== undefined) return { start: known.valueStart, end: known.valueEnd, text: value }
  const { insertAt, separator } = object
  return { start: insertAt, end: insertAt, text: `${separator}"${name}":${value}` }
}

/** What makes a stream end with its usage; nothing where the client asked for that itself. */
function askForUsage(text: string, json: JsonObject, object: ObjectText): Edit[] | ReadCall {
  const options = json['stream_options']
  const known = memberOf(object, 'stream_options')
  if (options === undefined || options === null || known === undefined) {
    return [setMember(object, 'stream_options', '{"include_usage":true}')]
  }
  if (!isObject(options)) return refused('invalid_field', 'stream_options must be an object.')
  const inner = readObjectText(text, known.valueStart, STREAM_DECISIVE)
  const doubtful = doubtfulMember(inner, STREAM_DECISIVE)
  if (doubtful !== undefined) return doubtful
  return options['include_usage'] === true ? [] : [setMember(inner, 'include_usage', 'true')]
}

const memberOf = (object: ObjectText, name: string): MemberText | undefined =>
  object.members.find((member) => member.name === name)

/** Of two members, or of one in another case, an upstream could take another one than we do. */
function doubtfulMember(object: ObjectText, wanted: ReadonlySet<string>): ReadCall | undefined {
  const seen = new Set<string>()
  for (const { name } of object.members) {
    if (!wanted.has(name)) {
      return refused(
        'invalid_json',
        'A member of the body is spelt in another case than the API has.',
      )
    }
    if (seen.has(name)) return refused('invalid_json', `The body has ${name} twice.`)
    seen.add(name)
  }
  return undefined
}

const refused = (
  code: Extract<ReadCall, { kind: 'refused' }>['code'],
  message: string,
): ReadCall => ({ kind: 'refused', code, message })

const ENCODER = new TextEncoder()
/** Keeps a byte order mark, which then is no JSON. */
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes)
  } catch {
    return undefined
  }
}
