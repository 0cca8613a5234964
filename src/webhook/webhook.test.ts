import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { MailError, type OutgoingMail } from '../core/ports/mailer.ts'
import { createWebhooks } from './index.ts'

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`
const OTHER_SECRET = `whsec_${Buffer.from('another one of thirty-two bytes.').toString('base64')}`
const CLOCK = { wallMs: () => Date.now() }

interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly target: string
}

let server: Server
let posted: Posted[]
/** How the receiver answers; undefined: not at all. */
let status: number | undefined
let url: string
beforeEach(async () => {
  posted = []
  status = 204
  server = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const { headers, url: target = '' } = req
    posted.push({ headers, body: Buffer.concat(chunks).toString('utf8'), target })
    if (status !== undefined) res.writeHead(status, { location: '/elsewhere' }).end('what it says')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/T0KENofTHEpath?x=1`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const eventTo = (to: string): OutgoingMail => ({
  ...{ name: 'spend-account-day-80-2026-11-26-webhook', kind: 'spend.alert', to },
  ...{ audience: 'webhook', keyId: '', createdAtMs: Date.UTC(2026, 10, 26) },
  ...{ linkUrl: null, linkExpiresAtMs: null },
  details: { percent: 80, note: 'Ünïcode "quoted"' },
})

const failureOf = async (deadlineMs?: number, to = url): Promise<MailError> => {
  const webhooks = createWebhooks({ url: to, secret: SECRET }, CLOCK, { deadlineMs })
  const error = await webhooks.deliver(eventTo(to)).catch((thrown: unknown) => thrown)
  if (!(error instanceof MailError)) throw new Error(`no MailError but ${error}`)
  expect(`${error.message} ${error.stack} ${error.cause}`).not.toMatch(/T0KEN|whsec_|thirty-two/)
  return error
}

test('an event is verified by the library of the specification, and by that secret alone', async () => {
  await createWebhooks({ url, secret: SECRET }, CLOCK).deliver(eventTo(url))
  const { headers, body, target } = posted[0] ?? { headers: {}, body: '', target: '' }
  expect(target).toBe('/T0KENofTHEpath?x=1')
  expect(headers).toMatchObject({
    ...{ 'content-type': 'application/json' },
    'webhook-id': 'spend-account-day-80-2026-11-26-webhook',
  })
  const signed = headers as Record<string, string>
  expect(new Webhook(SECRET).verify(body, signed)).toEqual({
    ...{ type: 'spend.alert', timestamp: '2026-11-26T00:00:00.000Z' },
    data: { percent: 80, note: 'Ünïcode "quoted"' },
  })
  expect(() => new Webhook(OTHER_SECRET).verify(body, signed)).toThrow(WebhookVerificationError)
  expect(() => new Webhook(SECRET).verify(`${body} `, signed)).toThrow(WebhookVerificationError)
})

test.each([
  [410, true],
  [400, false],
  [404, false],
  [408, false],
  [429, false],
  [500, false],
  [503, false],
])('an answer of %i is given up at once: %s', async (answered, isFinal) => {
  status = answered
  expect(await failureOf()).toMatchObject({
    ...{ isFinal, message: `${new URL(url).host} answered ${answered}` },
  })
})

test.each([301, 307])('a redirect with %i is not followed', async (answered) => {
  status = answered
  const { isFinal, message } = await failureOf()
  expect([isFinal, message]).toEqual([false, expect.stringContaining('name the URL it leads to')])
  expect(posted.length).toBe(1)
})

test('a receiver that does not answer is left after the deadline', async () => {
  status = undefined
  const error = await failureOf(150)
  expect([error.isFinal, error.message]).toEqual([
    ...[false, `${new URL(url).host} did not answer within 0.15 s`],
  ])
})

test('a receiver that is not there is named by its host', async () => {
  const { port } = server.address() as AddressInfo
  server.close()
  const error = await failureOf(undefined, `http://127.0.0.1:${port}/T0KEN`)
  expect(error.message).toBe(
    `127.0.0.1:${port} cannot be reached (ECONNREFUSED); check it, and spend.alerts.webhook.url`,
  )
  expect(error.isFinal).toBe(false)
})

test('what was queued for another receiver is not sent to this one, nor signed for that', async () => {
  const webhooks = createWebhooks({ url, secret: SECRET }, CLOCK)
  const event = eventTo('http://127.0.0.1:9/before')
  await expect(webhooks.deliver(event)).rejects.toMatchObject({ isFinal: true })
  expect(posted).toEqual([])
})

test.each(['whsec_', 'whsec_c2hvcnQ=', 'not-a-secret-at-all-not-a-secret-at-all', `${SECRET}!`])(
  'a secret that cannot sign is refused without being quoted: %s',
  (secret) => {
    const opening = (): unknown => createWebhooks({ url, secret }, CLOCK)
    expect(opening).toThrow(ConfigError)
    expect(opening).toThrow(/^spend\.alerts\.webhook\.secret: must be "whsec_" and 24 to 64/)
  },
)

test.each(['ftp://x.example/', 'https://user:pw@x.example/', 'x'])('no receiver: %s', (bad) => {
  expect(() => createWebhooks({ url: bad, secret: SECRET }, CLOCK)).toThrow(ConfigError)
})
