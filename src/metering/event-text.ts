/** What a server-sent event says: its data, and the text that a model produced in it. */
import type { AiProtocol } from './contract.ts'
import { isObject, type JsonObject, listOf, objectOf } from './json-value.ts'

/** The data of an event, its lines joined; empty where there is none. A mark of byte order is skipped. */
export function dataOf(event: string): string {
  const lines = event.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)
  let data: string | undefined
  for (const line of lines) {
    if (!line.startsWith('data')) continue
    const rest = line.slice(4)
    if (rest !== '' && !rest.startsWith(':')) continue
    const value = rest.startsWith(': ') ? rest.slice(2) : rest.slice(1)
    data = data === undefined ? value : `${data}\n${value}`
  }
  return data ?? ''
}

/** All that the event carries of what the model wrote: text, refusals, reasoning, calls of tools. */
export function producedText(protocol: AiProtocol, data: JsonObject): string {
  switch (protocol) {
    case 'openai-chat':
      return textOfChoices(data, (choice) => textOfDelta(objectOf(choice['delta'])))
    case 'openai-completions':
      return textOfChoices(data, (choice) => text(choice['text']))
    case 'openai-responses':
      return text(data['type']).endsWith('.delta') ? text(data['delta']) : ''
    case 'anthropic-messages':
      return data['type'] === 'content_block_delta' ? textOfBlock(objectOf(data['delta'])) : ''
    case 'openai-embeddings':
      return ''
  }
}

function textOfChoices(data: JsonObject, textOf: (choice: JsonObject) => string): string {
  let all = ''
  for (const choice of listOf(data['choices'])) if (isObject(choice)) all += textOf(choice)
  return all
}

function textOfDelta(delta: JsonObject | undefined): string {
  if (delta === undefined) return ''
  const calls = listOf(delta['tool_calls']).map((call) => textOfToolCall(objectOf(call)))
  return [
    text(delta['content']),
    text(delta['refusal']),
    text(delta['reasoning_content']) || text(delta['reasoning']),
    textOfCall(delta['function_call']),
    text(objectOf(delta['audio'])?.['transcript']),
    ...calls,
  ].join('')
}

const textOfToolCall = (call: JsonObject | undefined): string =>
  textOfCall(call?.['function']) + text(objectOf(call?.['custom'])?.['input'])

function textOfCall(value: unknown): string {
  const call = objectOf(value)
  return call === undefined ? '' : text(call['name']) + text(call['arguments'])
}

function textOfBlock(delta: JsonObject | undefined): string {
  if (delta === undefined) return ''
  return text(delta['text']) + text(delta['partial_json']) + text(delta['thinking'])
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
