/** Reports as GitHub sends them, a server that lists its public keys, and 20 ways to forge a report. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A report on the wire; a header with two values is sent twice. */
export interface SentReport {
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface KeyServer {
  readonly url: string
  /** How often it was asked. */
  fetches(): number
  /** What it answers from now on; default: the list, with 200. */
  answer(status: number, body: string | Buffer, headers?: Record<string, string>): void
  /** Never answers from now on. */
  hang(): void
  close(): Promise<void>
}

export const IDENTIFIER = 'bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c'
const OTHER_IDENTIFIER = '90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a'
const P384_IDENTIFIER = 'f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d'

const keyPair = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })

export interface Signers {
  readonly github: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly other: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly p384: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly stranger: KeyObject
  readonly secp256k1: KeyObject
}

export const newSigners = (): Signers => ({
  github: keyPair('P-256'),
  other: keyPair('P-256'),
  p384: keyPair('P-384'),
  stranger: keyPair('P-256').privateKey,
  secp256k1: keyPair('secp256k1').privateKey,
})

const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

/** As GitHub lists them, with a key of another curve among them. */
export const keyListOf = ({ github, other, p384 }: Signers): string =>
  JSON.stringify({
    public_keys: [
      { key_identifier: OTHER_IDENTIFIER, key: pemOf(other.publicKey), is_current: false },
      { key_identifier: P384_IDENTIFIER, key: pemOf(p384.publicKey), is_current: false },
      { key_identifier: IDENTIFIER, key: pemOf(github.publicKey), is_current: true },
    ],
  })

export async function startKeyServer(list: string): Promise<KeyServer> {
  let fetches = 0
  let hanging = false
  let next = { status: 200, body: list as string | Buffer, headers: {} as Record<string, string> }
  const server = createServer((_request, response) => {
    fetches += 1
    if (!hanging) response.writeHead(next.status, next.headers).end(next.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/meta/public_keys`,
    fetches: () => fetches,
    answer(status, body, headers = {}) {
      next = { status, body, headers }
    },
    hang() {
      hanging = true
    },
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

const NAME = 'Github-Public-Key-Identifier'
const SIGNATURE = 'Github-Public-Key-Signature'

export const reportOf = (body: Buffer, signature: string, identifier = IDENTIFIER): SentReport => ({
  headers: { [NAME]: identifier, [SIGNATURE]: signature },
  body,
})

export const signed = (key: KeyObject, body: Buffer): Buffer => sign('sha256', body, key)

export const signedReport = (key: KeyObject, body: Buffer): SentReport =>
  reportOf(body, signed(key, body).toString('base64'))

const agent = new Agent({ keepAlive: true, maxSockets: 8 })

export function sendReport(url: string, { headers, body }: SentReport): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/leaks/github`, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers },
    })
    sent.on('error', reject)
    sent.on('response', async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
    })
    sent.end(body)
  })
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

function integer(value: bigint): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const unsigned = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
  return Buffer.concat([Buffer.of(2, unsigned.length), unsigned])
}

function derOf(r: bigint, s: bigint): Buffer {
  const both = Buffer.concat([integer(r), integer(s)])
  return Buffer.concat([Buffer.of(0x30, both.length), both])
}

/** The two integers of a DER signature. */
function numbersOf(der: Buffer): readonly [r: bigint, s: bigint] {
  const rLength = der[3] ?? 0
  const hexOf = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`)
  return [hexOf(der.subarray(4, 4 + rLength)), hexOf(der.subarray(6 + rLength))]
}

/** As good as the other: whoever has one can write the other. */
export function highS(der: Buffer): Buffer {
  const [r, s] = numbersOf(der)
  return derOf(r, s > ORDER / 2n ? s : ORDER - s)
}

type Random = () => number

const flipped = (bytes: Buffer, random: Random): Buffer => {
  const copy = Buffer.from(bytes)
  const at = Math.floor(random() * copy.length)
  copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8))
  return copy
}

const cut = (bytes: Buffer, random: Random): Buffer =>
  bytes.subarray(0, Math.floor(random() * bytes.length))

const text = (der: Buffer): string => der.toString('base64')

/** Each makes of a genuine report one that nobody signed. */
export function forgeries(
  signers: Signers,
  body: Buffer,
): readonly (readonly [name: string, forge: (random: Random) => SentReport])[] {
  const der = signed(signers.github.privateKey, body)
  const good = text(der)
  const [r, s] = numbersOf(der)
  const by = (key: KeyObject, identifier = IDENTIFIER): SentReport =>
    reportOf(body, text(signed(key, body)), identifier)
  const numbers = [
    ...[
      [0n, 0n],
      [0n, s],
      [r, 0n],
      [1n, 1n],
      [ORDER, s],
      [r, ORDER],
      [s, r],
    ],
    ...[
      [r + 1n, s],
      [r, s + 1n],
      [ORDER - r, s],
      [ORDER, ORDER],
    ],
  ] as const
  const encodings = [
    ...[` ${good}`, `${good} `, `${good}=`, good.replace(/=+$/, ''), `${good}\t`, `"${good}"`],
    ...[der.toString('hex'), der.toString('base64url'), '=', 'AA==', 'MA==', 'MAA='],
    ...['a'.repeat(4_000), `${good}${good}`, der.toString('base64').toLowerCase()],
  ].filter((other) => other.trim() !== good)
  const ber = [
    Buffer.concat([Buffer.of(0x30, 0x81, der.length - 2), der.subarray(2)]),
    Buffer.concat([der, Buffer.of(0)]),
    Buffer.concat([Buffer.of(0x30, (der[1] ?? 0) + 2, 2, 1), der.subarray(2)]),
    Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(2), Buffer.of(0, 0)]),
    Buffer.from(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'), 'hex'),
  ]
  const pick = <T>(values: readonly T[], random: Random, or: T): T =>
    values[Math.floor(random() * values.length)] ?? or
  const headers = (changed: SentReport['headers']): SentReport => ({ headers: changed, body })
  return [
    ['a bit of the body', (random) => reportOf(flipped(body, random), good)],
    ['a shorter body', (random) => reportOf(cut(body, random), good)],
    ['a longer body', () => reportOf(Buffer.concat([body, Buffer.from(' ')]), good)],
    ['no body', () => reportOf(Buffer.alloc(0), good)],
    ['a bit of the signature', (random) => reportOf(body, text(flipped(der, random)))],
    ['a shorter signature', (random) => reportOf(body, text(cut(der, random)))],
    [
      'numbers out of range',
      (random) => {
        const [first, second] = pick(numbers, random, [0n, 0n])
        return reportOf(body, text(derOf(first, second)))
      },
    ],
    [
      'random numbers',
      () => {
        const [first, second] = numbersOf(signed(signers.github.privateKey, Buffer.from('other')))
        return reportOf(body, text(derOf(first, second)))
      },
    ],
    ['another encoding of it', (random) => reportOf(body, pick(encodings, random, ''))],
    ['BER, or bare numbers', (random) => reportOf(body, text(pick(ber, random, Buffer.alloc(0))))],
    ["a stranger's signature", () => by(signers.stranger)],
    ["another key's name", () => by(signers.github.privateKey, OTHER_IDENTIFIER)],
    ["another key's signature", () => by(signers.other.privateKey)],
    ['another curve', () => by(signers.secp256k1)],
    ['a listed key of another curve', () => by(signers.p384.privateKey, P384_IDENTIFIER)],
    ['a name that nobody has', (random) => by(signers.stranger, `${random()}`.slice(2))],
    [
      'a hostile name',
      (random) =>
        reportOf(
          body,
          good,
          pick(['__proto__', '../x', ' ', 'a,b', IDENTIFIER.toUpperCase()], random, ''),
        ),
    ],
    ['no signature', () => headers({ [NAME]: IDENTIFIER })],
    ['no name', () => headers({ [SIGNATURE]: good })],
    ['no header', () => headers({})],
    ['headers that changed places', () => headers({ [NAME]: good, [SIGNATURE]: IDENTIFIER })],
    ['a signature twice', () => headers({ [NAME]: IDENTIFIER, [SIGNATURE]: [good, good] })],
    ['a name twice', () => headers({ [NAME]: [IDENTIFIER, IDENTIFIER], [SIGNATURE]: good })],
    [
      'two names of the header that differ',
      () =>
        headers({
          ...{ [NAME]: IDENTIFIER, [SIGNATURE]: good },
          [`X-${SIGNATURE}`]: text(signed(signers.stranger, body)),
        }),
    ],
  ]
}
