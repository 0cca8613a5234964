/** Streams that are cut or left in six phases: the ledger has what the upstream's own books have. */
import { expect, test } from 'vitest'
import { closedWithin, expectTrueLedger } from './six-phases.ts'
import { KINDS, playStreams } from './streams.ts'

const STREAMS = 16 * KINDS.length

test(`hanging up pays: ${STREAMS} streams left in six phases`, { timeout: 120_000 }, async () => {
  const report = await playStreams({ streams: STREAMS })
  expectTrueLedger(report, STREAMS)
  expect(closedWithin(report, 1_000)).toBeGreaterThanOrEqual(0.99)
})
