import { test } from 'vitest'
import { sendForgedReports } from './forged-reports.ts'

test('2,000 forged or mutated reports of GitHub are 401, and the genuine one revokes the key', () =>
  sendForgedReports(2_000))
