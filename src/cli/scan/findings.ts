/** What a scan has found: each key once, with the places where it stands. Bounded. */
import { CommandError } from '../failure.ts'
import type { FoundKey } from './key-finder.ts'

/** Nobody has so many; a text made to fill the memory has. */
const MAX_KEYS = 10_000
const MAX_PLACES = 100

export interface Place {
  readonly path: string
  readonly line: number
  /** In history: the file, by its git id. */
  readonly file?: string
  /** In history: the oldest commit in which it stands so, where there is one. */
  readonly commit?: string
}

export interface Finding extends Omit<FoundKey, 'line'> {
  /** The first hundred. */
  places: readonly Place[]
  /** How often it stands anywhere. */
  count: number
}

export interface Findings {
  add(found: FoundKey, place: Omit<Place, 'line'>): void
  /** Says more about places that are known by now. */
  place(place: (place: Place) => Place): void
  /** In the order in which they were found. */
  all(): readonly Finding[]
}

export function createFindings(): Findings {
  const findings = new Map<string, Finding>()
  return {
    add({ line, ...found }, place) {
      const finding = findings.get(found.key) ?? { ...found, places: [], count: 0 }
      findings.set(found.key, finding)
      if (findings.size > MAX_KEYS) {
        throw new CommandError(
          `more than ${MAX_KEYS} different keys, which were hardly all issued; scan fewer paths at once`,
        )
      }
      finding.count += 1
      if (finding.places.length < MAX_PLACES)
        finding.places = [...finding.places, { ...place, line }]
    },
    place(place) {
      for (const finding of findings.values()) finding.places = finding.places.map(place)
    },
    all: () => [...findings.values()],
  }
}

/** `src/app.ts:12`, and in history `1a2b3c4d5e6f:src/app.ts:12`. */
export function placeText({ path, line, commit }: Place): string {
  return `${commit === undefined ? '' : `${commit.slice(0, 12)}:`}${path}:${line}`
}
