/** Calls as a client makes them over a socket of its own: how they begin, what arrives, how they are left. */
import { type Agent, request } from 'node:http'
import type { FakeFaults } from '../../src/testing/index.ts'

export type Api = 'chat' | 'messages'

export interface Call {
  readonly api: Api
  readonly key: string
  readonly model: string
  readonly maxTokens: number
  readonly faults?: FakeFaults
  /** For the fake, to find the call again. */
  readonly tag?: string
  readonly isStream?: boolean
  /** Whose connections are used; default: one of its own. */
  readonly agent?: Agent
}

export interface Answer {
  readonly status: number
  readonly text: string
  /** The body came to its proper end. */
  readonly isWhole: boolean
}

export interface Asked {
  /** Fulfils with the answer, whole or cut; with status 0 where there was none. */
  readonly answer: Promise<Answer>
  /** Fulfils once as many events with text have arrived; or never. */
  received(events: number): Promise<void>
  /** Fulfils with the status. */
  readonly head: Promise<number>
  /** The socket is closed, as of a program that died. */
  hangUp(): void
}

const PATHS = { chat: '/v1/chat/completions', messages: '/v1/messages' } as const
const WITH_TEXT = /"(?:content|text)":"[^"]/g

/** Every call has a body of the same length, whatever it asks for. */
export function bodyOf({
  model,
  maxTokens,
  isStream = true,
}: Pick<Call, 'model' | 'maxTokens' | 'isStream'>): string {
  const messages = [{ role: 'user', content: 'teh  report ,is late !!' }]
  return JSON.stringify({ model, messages, max_tokens: maxTokens, stream: isStream })
}

export function wordsIn(text: string): number {
  return text.match(WITH_TEXT)?.length ?? 0
}

export function ask(url: string, call: Call): Asked {
  const { api, key, faults = {}, tag = '', agent = false } = call
  const head = Promise.withResolvers<number>()
  const answer = Promise.withResolvers<Answer>()
  const body = bodyOf(call)
  const waiting: { readonly events: number; readonly tell: () => void }[] = []
  let status = 0
  let text = ''
  const end = (isWhole: boolean): void => {
    head.resolve(status)
    answer.resolve({ status, text, isWhole })
  }
  const outgoing = request(`${url}${PATHS[api]}`, {
    method: 'POST',
    agent,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-fake-faults': JSON.stringify(faults),
      'x-fake-tag': tag,
    },
  })
  outgoing.on('error', () => end(false))
  outgoing.on('response', (incoming) => {
    status = incoming.statusCode ?? 0
    head.resolve(status)
    incoming.setEncoding('utf8')
    incoming.on('data', (chunk: string) => {
      text += chunk
      if (waiting.length === 0) return
      const events = wordsIn(text)
      for (const one of waiting) if (events >= one.events) one.tell()
    })
    incoming.on('close', () => end(incoming.complete))
    incoming.on('error', () => end(false))
  })
  outgoing.end(body)
  return {
    answer: answer.promise,
    head: head.promise,
    received: (events) => new Promise((resolve) => waiting.push({ events, tell: resolve })),
    hangUp: () => outgoing.destroy(),
  }
}
