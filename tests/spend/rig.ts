/**
 * A gateway that meters, between clients and local fakes of OpenAI and Anthropic, all in this process and
 * on sockets of 127.0.0.1. A token costs a micro-dollar of input and two of output, so that sums show
 * which tokens they are made of.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import type { Gate } from '../../src/engine/gate.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { type LockgateConfig, openGate } from '../../src/index.ts'
import {
  type FakeAnthropic,
  type FakeOpenAI,
  type FakeUpstreamOptions,
  type PriceTable,
  startFakeAnthropic,
  startFakeOpenAI,
} from '../../src/testing/index.ts'

export const INPUT_MICRO_USD = 1
export const OUTPUT_MICRO_USD = 2

export interface SpendRig {
  readonly gate: Gate
  /** Of the gateway; OpenAI's paths begin with `/v1` here. */
  readonly url: string
  readonly openai: FakeOpenAI
  readonly anthropic: FakeAnthropic
  /** Every line that was logged, as JSON. */
  readonly logged: readonly string[]
  newKey(tier?: string): Promise<{ readonly key: string; readonly keyId: string }>
  stop(): Promise<void>
}

export interface SpendRigOptions {
  readonly models: readonly string[]
  readonly tiers?: LockgateConfig['tiers']
  readonly spend?: LockgateConfig['spend']
  readonly fake?: FakeUpstreamOptions
  /** Default: SQLite in a folder of its own, and counters in memory. */
  readonly databaseUrl?: string
  readonly redisUrl?: string
}

/** What a gate has to be told about tokens at the prices above. */
export function pricesOf(
  models: readonly string[],
): Record<string, { input: number; output: number }> {
  const price = { input: INPUT_MICRO_USD, output: OUTPUT_MICRO_USD }
  return Object.fromEntries(models.map((model) => [model, price]))
}

/** The same for a fake. */
export function fakePricesOf(models: readonly string[]): PriceTable {
  const price = {
    inputMicroUsdPerMillion: INPUT_MICRO_USD * 1_000_000,
    outputMicroUsdPerMillion: OUTPUT_MICRO_USD * 1_000_000,
  }
  return Object.fromEntries(models.map((model) => [model, price]))
}

/** Hashes that cost nothing, no other limits, and a busy machine is no outage. */
export const UNHURRIED: LockgateConfig = Object.freeze({
  keys: { argon2id: { memoryKiB: 8, passes: 1 } },
  ip: false,
  upstreamHeaders: { authorization: 'Bearer upstream-key' },
})

export async function startSpendRig(options: SpendRigOptions): Promise<SpendRig> {
  const folder = mkdtempSync(join(tmpdir(), 'lockgate-spend-'))
  const { models, tiers = {}, spend = {}, redisUrl } = options
  const fakeOptions = { tokensPerChunk: 1, priceTable: fakePricesOf(models), ...options.fake }
  const openai = await startFakeOpenAI(fakeOptions)
  const anthropic = await startFakeAnthropic(fakeOptions)
  const settings = resolveSettings(
    {
      ...UNHURRIED,
      ...(redisUrl === undefined ? {} : { redis: { url: redisUrl, deadline: '5s' } }),
      tiers: { free: { limits: [] }, ...tiers },
      spend: { prices: pricesOf(models), ...spend },
      upstream: new URL(openai.url).origin,
      routes: [{ path: '/v1/messages', upstream: anthropic.url }],
    },
    {},
    { databaseUrl: options.databaseUrl ?? `sqlite:${join(folder, 'spend.db')}` },
  )
  const logged: string[] = []
  const log = (fields: object, message: string): void => {
    logged.push(JSON.stringify({ ...fields, message }))
  }
  const gate = await openGate(settings, { log: { debug: log, info: log, warn: log, error: log } })
  const gateway = createGateway({ gate, settings: settings.gateway })
  const { port } = await gateway.listen({ port: 0, host: '127.0.0.1' })
  return {
    ...{ gate, openai, anthropic, logged, url: `http://127.0.0.1:${port}` },
    async newKey(tier = 'free') {
      const issued = await gate.keys.issue({ owner: 'ada@example.com', tier, scopes: ['write'] })
      return { key: issued.key, keyId: issued.record.keyId }
    },
    async stop() {
      gateway.server.closeAllConnections()
      await gateway.close()
      await gate.close()
      await Promise.all([openai.close(), anthropic.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
