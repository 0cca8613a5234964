/** `req.lockgate.reserve` in a real app: what is held, charged, given back and refused. */
import express from 'express'
import { afterEach, expect, test } from 'vitest'
import { lockgate } from '../../src/index.ts'
import { type CallDenial, guard, type HeldCall } from '../../src/middleware/express/index.ts'
import { createTestClock } from '../../src/testing/index.ts'
import { type AppOptions, type Handler, MeteredApp, MODEL } from './rig.ts'

let app: MeteredApp
afterEach(() => app.stop())

const start = async (options: AppOptions = {}): Promise<void> => {
  app = await MeteredApp.start(options)
}

function allowed(held: HeldCall | CallDenial): HeldCall {
  if (!held.allowed) throw new Error(held.message)
  return held
}

/** Reserves, does `use` with it, and answers with what `use` says. */
const reserving =
  (
    call: Parameters<Parameters<Handler>[0]['lockgate']['reserve']>[0],
    use: (held: HeldCall) => unknown = () => ({}),
  ): Handler =>
  async (req, res) => {
    res.json((await use(allowed(await req.lockgate.reserve(call)))) ?? {})
  }

const nothingHeld = { heldMicroUsd: 0 }

test('what a call used is charged at the price of its model, and the rest is given back', async () => {
  await start()
  await app.ask(
    reserving({ model: MODEL, inputTokens: 1_000, maxOutputTokens: 500 }, (held) => {
      expect(held.maxOutputTokens).toBe(500)
      held.charge({ inputTokens: 300, outputTokens: 50 })
    }),
  )
  await expect.poll(() => app.spent()).toEqual({ microUsd: 400, heldMicroUsd: 0, requests: 1 })
})

test('the worst case is held as long as the call runs', async () => {
  await start()
  await app.ask(
    reserving({ model: MODEL, inputTokens: 1_000, maxOutputTokens: 500 }, async (held) => {
      expect(await app.spent()).toMatchObject({ microUsd: 0, heldMicroUsd: 2_000 })
      held.release()
    }),
  )
  await expect.poll(() => app.spent()).toMatchObject({ microUsd: 0, ...nothingHeld })
})

test('a text counts by its bytes, and messages by those that are sent', async () => {
  await start()
  const messages = [{ role: 'user', content: 'Grüße' }]
  await app.ask(
    reserving({ model: MODEL, input: 'Grüße', maxOutputTokens: 1 }, async (held) => {
      expect(await app.spent()).toMatchObject({ heldMicroUsd: 7 + 2 })
      held.release()
    }),
  )
  await app.ask(
    reserving({ model: MODEL, input: messages, maxOutputTokens: 1 }, async (held) => {
      const bytes = Buffer.byteLength(JSON.stringify(messages))
      await expect.poll(() => app.spent()).toMatchObject({ heldMicroUsd: bytes + 2 })
      held.release()
    }),
  )
  const image = { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } }
  const withImage = [{ role: 'user', content: [image] }]
  await app.ask(
    reserving({ model: MODEL, input: withImage, maxOutputTokens: 1 }, async (held) => {
      const bytes = Buffer.byteLength(JSON.stringify(withImage))
      await expect.poll(() => app.spent()).toMatchObject({ heldMicroUsd: bytes + 40_000 + 2 })
      held.release()
    }),
  )
})

test('the first charge or release counts, and what you know of the cost goes before the price', async () => {
  await start()
  await app.ask(
    reserving({ model: MODEL, inputTokens: 10 }, (held) => {
      held.charge({ microUsd: 1_234, inputTokens: 5, outputTokens: 5 })
      held.charge({ microUsd: 9_999 })
      held.release()
    }),
  )
  await expect.poll(() => app.spent()).toMatchObject({ microUsd: 1_234, ...nothingHeld })
})

test('a call with a price of its own is charged that', async () => {
  await start()
  await app.ask(reserving({ perRequest: '$0.02' }, (held) => held.charge()))
  await expect.poll(() => app.spent()).toMatchObject({ microUsd: 20_000, ...nothingHeld })
})

test('a tier with a maximum lowers what may be asked for; without one it only fills in', async () => {
  await start({ config: { spend: { maxOutputTokens: 300 } } })
  const maxima = async (): Promise<number[]> => {
    const seen: number[] = []
    for (const asked of [undefined, 100, 5_000]) {
      const call = { model: MODEL, inputTokens: 1 }
      const handler = reserving(
        asked === undefined ? call : { ...call, maxOutputTokens: asked },
        (held) => {
          seen.push(held.maxOutputTokens)
          held.release()
        },
      )
      await app.ask(handler)
    }
    return seen
  }
  expect(await maxima()).toEqual([300, 100, 5_000])
  await app.stop()
  await start({ config: { tiers: { free: { limits: [], maxOutputTokens: 200 } } } })
  expect(await maxima()).toEqual([200, 100, 200])
})

test('a call that does not fit is a value, and answers as the guard does', async () => {
  await start({ config: { spend: { account: { perDay: '$0.001' } } } })
  const denials: (HeldCall | CallDenial)[] = []
  const response = await app.ask(async (req, res) => {
    const held = await req.lockgate.reserve({ model: MODEL, inputTokens: 1_001 })
    denials.push(held)
    if (!held.allowed) held.send(res)
  })
  const retryAfter = Number(response.headers.get('retry-after'))
  expect(denials).toMatchObject([
    {
      ...{ allowed: false, status: 429, code: 'spend_exceeded', message: expect.any(String) },
      retryAfterSeconds: retryAfter,
    },
  ])
  expect(response.status).toBe(429)
  expect(await response.json()).toMatchObject({ code: 'spend_exceeded', retry_after: retryAfter })
  expect(await app.spent()).toMatchObject({ microUsd: 0, ...nothingHeld })
})

test('a model that the tier does not have is refused', async () => {
  await start({ config: { tiers: { free: { limits: [], models: ['gpt-4o'] } } } })
  const response = await app.ask(async (req, res) => {
    const held = await req.lockgate.reserve({ model: MODEL, inputTokens: 1 })
    if (!held.allowed) held.send(res)
  })
  expect([response.status, await response.json()]).toMatchObject([
    ...[403, { code: 'model_not_allowed' }],
  ])
})

test('of calls at once no more are held than fit', async () => {
  await start({ config: { spend: { account: { perDay: '$0.001' } } } })
  await app.ask(async (req, res) => {
    const call = { model: MODEL, inputTokens: 80, maxOutputTokens: 10 }
    const held = await Promise.all(Array.from({ length: 200 }, () => req.lockgate.reserve(call)))
    expect(held.filter((one) => one.allowed).length).toBe(10)
    for (const one of held) if (one.allowed) one.release()
    res.json({})
  })
  await expect.poll(() => app.spent()).toMatchObject({ microUsd: 0, ...nothingHeld })
})

test('what is never charged is charged in full once its lease is over', async () => {
  const clock = createTestClock(Date.now())
  await start({ clock })
  await app.ask(reserving({ model: MODEL, inputTokens: 10, maxOutputTokens: 20 }))
  clock.advance(50_000)
  expect(await app.spent()).toMatchObject({ microUsd: 0, heldMicroUsd: 50 })
  clock.advance(10_000)
  await expect
    .poll(() => app.spent(), { timeout: 5_000 })
    .toMatchObject({ microUsd: 50, heldMicroUsd: 0 })
  expect(await app.gate.audit.tail({ event: 'spend.expired' })).toMatchObject([
    { row: { keyId: app.keyId } },
  ])
}, 10_000)

test('its signal aborts when the client hangs up, and what was used then is charged', async () => {
  await start()
  const client = new AbortController()
  const asked = app.ask(async (req) => {
    const call = { model: MODEL, inputTokens: 10, maxOutputTokens: 20 }
    const held = allowed(await req.lockgate.reserve(call))
    held.signal.addEventListener('abort', () => held.charge({ inputTokens: 3 }))
    client.abort()
  }, client.signal)
  await expect(asked).rejects.toThrow()
  await expect.poll(() => app.spent()).toMatchObject({ microUsd: 3, ...nothingHeld })
})

test('without an input the bytes of the request bound it', async () => {
  await start()
  await app.ask(async (req, res) => {
    const bytes = Buffer.byteLength(req.url) + Number(req.headers['content-length'] ?? 0)
    expect(bytes).toBeGreaterThan(0)
    const held = allowed(await req.lockgate.reserve({ model: MODEL, maxOutputTokens: 1 }))
    await expect.poll(() => app.spent()).toMatchObject({ heldMicroUsd: bytes + 2 })
    held.release()
    res.json({})
  })
})

test.each([
  [{ inputTokens: -1 }, 'inputTokens must be a whole number of at least 0'],
  [
    { inputTokens: 1, maxOutputTokens: 0.5 },
    'maxOutputTokens must be a whole number of at least 0',
  ],
  [{ perRequest: 'much' }, 'perRequest of reserve() must be dollars with at most six decimals'],
])('%j is a failure, because nobody can tell what to hold', async (call, message) => {
  await start()
  await app.ask(reserving(call))
  expect(app.errors).toMatchObject([
    { name: 'LockgateError', code: 'invalid_field', message: expect.stringContaining(message) },
  ])
})

test('a gate without spend caps says what to configure', async () => {
  await start()
  const gate = await lockgate({ config: { databaseUrl: 'sqlite::memory:' } })
  const { key } = await gate.keys.issue({ owner: 'ada@example.com', scopes: ['write'] })
  const failures: unknown[] = []
  const server = express()
    .use(guard(gate))
    .use(async (req, res) => {
      await req.lockgate.reserve({ inputTokens: 1 }).catch((error) => failures.push(error))
      res.end()
    })
    .listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const headers = { authorization: `Bearer ${key}` }
  await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers })
  server.closeAllConnections()
  server.close()
  await gate.close()
  expect(failures).toMatchObject([
    { name: 'ConfigError', message: expect.stringContaining('add spend to the configuration') },
  ])
})
