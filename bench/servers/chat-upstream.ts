/**
 * An upstream with one fixed chat completion. A body that asks for a stream gets the same as events: at
 * once, or (with the argument `slow`) the first at once and another each second, without an end.
 */
import { createServer, type ServerResponse } from 'node:http'
import { announce } from './announce.ts'

const isSlow = process.argv[2] === 'slow'
const WORDS = 'The report is late, and so is the mail that was to say so.'.split(' ')
const ENVELOPE = { id: 'chatcmpl-1', created: 1_760_000_000, model: 'gpt-4o-mini' }
const USAGE = {
  prompt_tokens: 24,
  completion_tokens: WORDS.length,
  total_tokens: 24 + WORDS.length,
}

const BODY = JSON.stringify({
  ...{ ...ENVELOPE, object: 'chat.completion' },
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: WORDS.join(' '), refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: { ...USAGE, prompt_tokens_details: { cached_tokens: 0 } },
})

const event = (value: object): string =>
  `data: ${JSON.stringify({ ...ENVELOPE, object: 'chat.completion.chunk', ...value })}\n\n`
const EVENTS = WORDS.map((word) =>
  event({
    choices: [{ index: 0, delta: { content: `${word} ` }, finish_reason: null }],
    usage: null,
  }),
)
const LAST = [event({ choices: [], usage: USAGE }), 'data: [DONE]\n\n']

const server = createServer((req, res) => {
  let body = ''
  req.setEncoding('utf8')
  req.on('data', (chunk: string) => {
    body += chunk
  })
  req.on('end', () => {
    if (body.includes('"stream":true')) stream(res)
    else res.writeHead(200, { 'content-type': 'application/json' }).end(BODY)
  })
})
await announce(server.listen(0, '127.0.0.1'))

function stream(res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/event-stream' })
  if (!isSlow) {
    for (const text of [...EVENTS, ...LAST]) res.write(text)
    res.end()
    return
  }
  let sent = 0
  const next = (): void => {
    res.write(EVENTS[sent++ % EVENTS.length] ?? '')
  }
  next()
  const timer = setInterval(next, 1_000)
  res.once('close', () => clearInterval(timer))
}
