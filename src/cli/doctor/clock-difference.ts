/** How far the clock of a server is from this machine's. */
import { caution, type Finding, ok } from './finding.ts'

const TOLERANCE_MS = 2_000

export function clockDifference(check: string, whose: string, serverMs: number): Finding {
  const differenceMs = Math.round(serverMs - Date.now())
  const detail = `that of ${whose} differs by ${Math.abs(differenceMs)} ms`
  if (Math.abs(differenceMs) <= TOLERANCE_MS) return ok(check, detail)
  return caution(check, `${detail}; set both by NTP, expiry dates and the audit log depend on it`)
}
