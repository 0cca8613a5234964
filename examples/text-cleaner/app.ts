/**
 * A small AI API: it cleans up text with one call to an LLM. It knows nothing of keys or limits;
 * those come from the gateway in front of it, or from the handlers passed as `before`.
 */
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import OpenAI from 'openai'

export interface TextCleaner {
  readonly llm: OpenAI
  readonly model: string
  /** Handlers that run before every /v1 route, such as `guard(gate)`. */
  readonly before?: readonly RequestHandler[]
  /** The LLM for one request, such as `metered(llm, req.lockgate)`. Default: `llm`. */
  readonly llmFor?: (req: Request) => OpenAI
  /** Error handlers that come before the app's own, such as `spendErrors()`. */
  readonly onError?: readonly ErrorRequestHandler[]
}

const MAX_CHARACTERS = 20_000
const INSTRUCTION = 'Clean up the text: spelling, spaces, punctuation. Answer with the text only.'

/** `POST /v1/clean {"text": "…"}` answers `{"text": "…"}`; `GET /v1/info` names the model. */
export function createApp(parts: TextCleaner): Express {
  const { llm, model, before = [], llmFor = () => llm, onError = [] } = parts
  const app = express()
  app.disable('x-powered-by')
  if (before.length > 0) app.use('/v1', ...before)
  app.use(express.json({ limit: '200kb' }))

  app.get('/v1/info', (_req, res) => {
    res.json({ model, max_characters: MAX_CHARACTERS })
  })

  app.post('/v1/clean', async (req, res) => {
    const text: unknown = req.body?.text
    if (typeof text !== 'string' || text.trim() === '' || text.length > MAX_CHARACTERS) {
      const message = `Send {"text": "…"} with 1 to ${MAX_CHARACTERS} characters.`
      res.status(422).json({ code: 'invalid_text', message })
      return
    }
    const answer = await llmFor(req).chat.completions.create(
      {
        model,
        max_completion_tokens: 8_000,
        messages: [
          { role: 'system', content: INSTRUCTION },
          { role: 'user', content: text },
        ],
      },
      { signal: goneSignal(res) },
    )
    res.json({ text: answer.choices[0]?.message.content ?? '' })
  })

  app.use((_req, res) => {
    res.status(404).json({ code: 'unknown_route', message: 'Try POST /v1/clean.' })
  })
  for (const handler of onError) app.use(handler)
  app.use(answerError)
  return app
}

/** Aborts when the client hangs up: nobody pays for an answer that nobody reads. */
function goneSignal(res: Response): AbortSignal {
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  return gone.signal
}

/** Express knows an error handler by its four parameters. */
function answerError(error: unknown, _req: Request, res: Response, _next: () => void): void {
  if (res.headersSent || res.destroyed) {
    res.destroy()
  } else if (error instanceof OpenAI.APIError) {
    console.error(`the LLM failed: ${error.message}`)
    res.status(502).json({ code: 'llm_failed', message: 'The language model did not answer.' })
  } else if (isClientError(error)) {
    res.status(error.status).json({ code: 'invalid_body', message: error.message })
  } else {
    console.error(error)
    res.status(500).json({ code: 'internal', message: 'Something failed on our side.' })
  }
}

/** What `express.json` throws for a body that is too large or is not JSON. */
function isClientError(error: unknown): error is Error & { readonly status: number } {
  if (!(error instanceof Error) || !('status' in error)) return false
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500
}
