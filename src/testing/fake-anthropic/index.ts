/** The local Anthropic-compatible upstream; see `startFakeAnthropic`. */
export {
  ANTHROPIC_PRICES,
  type FakeAnthropic,
  type FakeAnthropicOptions,
  startFakeAnthropic,
} from './server.ts'
