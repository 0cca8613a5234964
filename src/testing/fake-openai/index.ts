/** The local OpenAI-compatible upstream; see `startFakeOpenAI`. */
export { FAKE_FINGERPRINT } from './completion.ts'
export { type FakeOpenAI, type FakeOpenAIOptions, startFakeOpenAI } from './server.ts'
