/** An Express app with one JSON route, as an API has, behind the limiter that the argument names. */
import express, { type RequestHandler } from 'express'
import { announce } from './announce.ts'

export interface Variant {
  readonly limiter?: RequestHandler
  /** To be sent with each request. */
  readonly key?: string
}

/** Serves the variant that the first argument of the process names. */
export async function serveLimited(
  variants: Readonly<Record<string, () => Promise<Variant>>>,
): Promise<void> {
  const variant = variants[process.argv[2] ?? '']
  if (variant === undefined) throw new Error(`one of: ${Object.keys(variants).join(', ')}`)
  const { limiter, key } = await variant()
  const app = express()
  if (limiter !== undefined) app.use(limiter)
  app.get('/', (_req, res) => {
    res.json({ ok: true })
  })
  await announce(app.listen(0, '127.0.0.1'), key)
}

/** What an app puts before its routes with the peer `rate-limiter-flexible`, which has no middleware. */
export function flexibleHandler(limiter: {
  consume(key: string): Promise<unknown>
}): RequestHandler {
  return (req, res, next) => {
    limiter.consume(req.ip ?? '').then(
      () => next(),
      () => res.status(429).end(),
    )
  }
}
