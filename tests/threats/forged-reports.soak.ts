import { test } from 'vitest'
import { sendForgedReports } from './forged-reports.ts'

const REPORTS = Number(process.env['LOCKGATE_FORGED_REPORTS'] ?? 100_000)

test(`${REPORTS} forged or mutated reports of GitHub are 401, and the genuine one revokes the key`, () =>
  sendForgedReports(REPORTS))
