import { test } from 'vitest'
import { sendGenerated } from './generated-requests.ts'

const REQUESTS = Number(process.env['LOCKGATE_GENERATED_REQUESTS'] ?? 100_000)

test(`${REQUESTS} requests, valid and broken: no 5xx, nothing that the document does not list`, async () => {
  await sendGenerated(REQUESTS)
}, 3_600_000)
