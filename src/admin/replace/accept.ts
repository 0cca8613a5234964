/** Whether the client would rather have JSON than a page, by the weights of its Accept header. */

export function prefersJson(accept: string | undefined): boolean {
  const ranges = (accept ?? '').toLowerCase().split(',', MAX_RANGES).map(readRange)
  return weightOf('application', 'json', ranges) > weightOf('text', 'html', ranges)
}

const MAX_RANGES = 32

interface Range {
  readonly type: string
  readonly weight: number
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim())
  const q = parameters.find((parameter) => parameter.startsWith('q='))
  const weight = q === undefined ? 1 : Number(q.slice(2))
  return { type, weight: weight >= 0 && weight <= 1 ? weight : 0 }
}

/** The most specific range that fits decides. */
function weightOf(type: string, subtype: string, ranges: readonly Range[]): number {
  for (const name of [`${type}/${subtype}`, `${type}/*`, '*/*']) {
    const range = ranges.find((candidate) => candidate.type === name)
    if (range !== undefined) return range.weight
  }
  return 0
}
