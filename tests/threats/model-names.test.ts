/**
 * Names of models are chosen by clients: they are bounded in length and number wherever they are kept,
 * break no report, and hold no key.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linesBy, reportCsv, reportJson } from '../../src/cli/spend/report-json.ts'
import { reportText } from '../../src/cli/spend/report-text.ts'
import { NO_USAGE } from '../../src/core/spend/amount.ts'
import { ModelNames } from '../../src/engine/spend/model-names.ts'
import { createModelPrices } from '../../src/engine/spend/model-prices.ts'
import type { LockgateConfig } from '../../src/index.ts'
import { readCall } from '../../src/metering/index.ts'
import { openTestGate, type TestGate } from '../gateway/test-gate.ts'
import { found, needlesOf } from './needles.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
/** Those without a price that are kept by their name, and the one for all others. */
const MOST_NAMES = 201
const CONFIG: LockgateConfig = {
  keys: { argon2id: { memoryKiB: 8, passes: 1 } },
  spend: { prices: { priced: { input: 1, output: 1 } } },
}
const KEY = `sk_live_7Hq2mZ9x_${'aB3'.repeat(16)}c`
const CORPUS = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', ' ', '*', 'null'],
  ...['\0', 'a\0b', '\r\nx: y', '\u001b[2J', '\u202ex', 'a\u2028b', '\ud800', 'a\udfff', '\ufeffm'],
  ...["'; drop table keys; --", '" or 1=1', '%s%n', '$' + '{7*7}', '../../etc/passwd', 'a/b:c@d'],
  ...[
    "=cmd|'/c calc'!A1",
    '+1',
    '-1',
    '@sum(1)',
    '\t=1',
    '＝1',
    '"a","b"',
    'a,b',
    'other',
    'priced',
  ],
  ...['x'.repeat(129), '🐎'.repeat(100), `${'x'.repeat(127)}🐎`, 'x'.repeat(100_000)],
  ...[KEY, `${'x'.repeat(100)}${KEY}`, `models/${KEY}`, `${KEY.slice(0, 40)} ${KEY}`],
]
const names = fc.oneof(
  fc.constantFrom(...CORPUS),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
)
const PRICES = { models: new Map(), fallback: null }
const OPEN = { maxOutputTokens: 100, isClamped: false, allowsModel: () => true }
const holdsKey = (text: string): boolean => found(text, needlesOf(KEY)).length > 0

let rig: TestGate
let keyId: string
beforeEach(async () => {
  rig = await openTestGate(CONFIG)
  keyId = rig.key.slice(8, 16)
})
afterEach(() => rig.gate.close())

/** A call of 1 micro-dollar that asked for this model. */
async function pay(model: string): Promise<void> {
  const amount = { microUsd: 1, tokens: 0 }
  const held = await rig.gate.spend?.reserve({ keyId }, { model, amount }, 'req_1')
  if (held === undefined || 'allowed' in held) throw new Error(JSON.stringify(held))
  held.settle(amount, NO_USAGE)
}

test('any name is read as a call or refused, and no refusal repeats a key', () => {
  const barred = { ...OPEN, allowsModel: () => false }
  fc.assert(
    fc.property(names, fc.boolean(), fc.boolean(), (model, isListed, isInPath) => {
      const path = isInPath ? `/deployments/${model}/chat/completions` : '/v1/chat/completions'
      const body = new TextEncoder().encode(JSON.stringify({ model, max_tokens: 1 }))
      const read = readCall(path, body, isListed ? OPEN : barred)
      expect(holdsKey(JSON.stringify(read))).toBe(false)
      if (read.kind !== 'call') return
      expect(read.call.model).toMatch(/^[\x21-\x7e]{1,200}$/)
    }),
    { numRuns: RUNS },
  )
})

test('a key in the place of the model is refused, so that the upstream never sees it', () => {
  const body = new TextEncoder().encode(JSON.stringify({ model: `openai/${KEY}` }))
  expect(readCall('/v1/responses', body, OPEN)).toMatchObject({
    ...{ kind: 'refused', code: 'invalid_field' },
    message: 'model must name the model to use; it holds an API key.',
  })
})

test('a hostile name is in ledger, reports and warnings as text, short, and without keys', async () => {
  const paid = fc.sample(names, { numRuns: 300, seed: 1 }).concat(CORPUS)
  for (const model of paid) {
    rig.gate.spend?.priceOf(model)
    await pay(model)
  }
  const report = await rig.gate.spend?.report()
  if (report === undefined) throw new Error('spend is configured')
  expect(report.total).toMatchObject({ requests: paid.length, microUsd: paid.length })
  for (const { name } of report.byModel) {
    expect(name.length).toBeLessThanOrEqual(128)
    expect(name).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u)
  }
  const sum = linesBy(report, 'model').reduce((all, { microUsd }) => all + microUsd, 0)
  expect(sum).toBe(paid.length)
  const csv = reportCsv(report, 'model')
  const [, ...rows] = csv.trimEnd().split('\r\n')
  expect(rows).toHaveLength(report.byModel.length)
  expect(rows.filter((row) => /^"?[=+\-@＝]/.test(row))).toEqual([])
  expect(reportText(report, 'model')).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u)
  const said = [csv, JSON.stringify(reportJson(report)), reportText(report, 'model'), ...rig.logged]
  expect(said.filter(holdsKey)).toEqual([])
})

test('a thousand names are so many lines of the ledger and no more; a price keeps its name', async () => {
  for (let at = 0; at < 1_000; at++) await pay(`model-${at}`)
  await pay('priced')
  const { byModel = [] } = (await rig.gate.spend?.report()) ?? {}
  expect(byModel).toHaveLength(MOST_NAMES + 1)
  expect(byModel[0]).toMatchObject({ name: 'other', requests: 800 })
  expect(byModel.find(({ name }) => name === 'priced')).toMatchObject({ requests: 1 })
})

test('a million names fill neither memory nor log', () => {
  const kept = new ModelNames(PRICES)
  let warnings = 0
  const priceOf = createModelPrices(PRICES, { warn: () => void warnings++ })
  const seen = new Set<string | null>()
  for (let at = 0; at < 1_000_000; at++) {
    priceOf(`model-${at}`)
    seen.add(kept.nameOf(`model-${at}`))
  }
  expect(seen.size).toBe(MOST_NAMES)
  expect(warnings).toBe(1_000)
  // What was known before is still known by its name.
  expect(kept.nameOf('model-7')).toBe('model-7')
})
