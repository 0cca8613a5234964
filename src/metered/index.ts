/** `lockgate/metered`: the unmodified SDKs of OpenAI and Anthropic, with spend caps that hold. */
export { type MeterableClient, metered } from './metered.ts'
