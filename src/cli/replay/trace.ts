/**
 * The night of the incident as a list of calls: from 03:14 on, six hours, one scraper with 47,200
 * calls in surges, and twelve users of the beta at their usual pace. Seeded: every run is the same.
 * The flood is the same night with a scraper that calls twelve times a second, more than a paid key may.
 */

/** 03:14 UTC; the day itself means nothing. */
export const START_MS = Date.UTC(2026, 0, 13, 3, 14)
export const MINUTES = 360
export const SCRAPER_CALLS = 47_200
export const USERS = 12
const FLOOD_PER_SECOND = 12
export const FLOOD_CALLS = MINUTES * 60 * FLOOD_PER_SECOND
/** A user's mean time between two calls. */
const USER_PACE_MS = 10 * 60_000

export interface Call {
  readonly atMs: number
  /** 0 is the scraper, 1 to `USERS` are users. */
  readonly caller: number
}

/** Every call of the night, in order of time. */
export function incidentTrace(seed: number): Call[] {
  const random = seededRandom(seed)
  const calls = scraperCalls(random)
  for (let user = 1; user <= USERS; user += 1) calls.push(...userCalls(user, random))
  return calls.sort((a, b) => a.atMs - b.atMs)
}

/** The same users, and the scraper without a pause. */
export function floodTrace(seed: number): readonly Call[] {
  const calls = incidentTrace(seed).filter(({ caller }) => caller !== 0)
  for (let index = 0; index < FLOOD_CALLS; index += 1) {
    calls.push({ atMs: START_MS + Math.floor((index * 1000) / FLOOD_PER_SECOND), caller: 0 })
  }
  return calls.sort((a, b) => a.atMs - b.atMs)
}

/** The first call at 03:14:00; the others fall into minutes of very unequal weight. */
function scraperCalls(random: () => number): Call[] {
  const ends: number[] = []
  let total = 0
  for (let minute = 0; minute < MINUTES; minute += 1) {
    total += 0.25 + 1.5 * random()
    ends.push(total)
  }
  const calls: Call[] = [{ atMs: START_MS, caller: 0 }]
  while (calls.length < SCRAPER_CALLS) {
    const point = random() * total
    const minute = ends.findIndex((end) => point < end)
    calls.push({ atMs: START_MS + Math.floor((minute + random()) * 60_000), caller: 0 })
  }
  return calls
}

function userCalls(user: number, random: () => number): Call[] {
  const calls: Call[] = []
  const pause = (): number => -Math.log(1 - random()) * USER_PACE_MS
  for (let at = pause(); at < MINUTES * 60_000; at += pause()) {
    calls.push({ atMs: START_MS + Math.floor(at), caller: user })
  }
  return calls
}

/** Numbers from 0 to 1 (mulberry32): small, and the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
