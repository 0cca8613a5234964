/**
 * Progress of a long run: a bar on a terminal, a plain line at each quarter elsewhere. Writes to
 * stderr, so that stdout holds results only.
 */
import { styleText } from 'node:util'

export interface Progress {
  /** How many of the steps are done. Cheap: draws only when a percent is full. */
  at(done: number): void
  /** Clears the bar. */
  end(): void
}

const WIDTH = 30

export function startProgress(label: string, steps: number, stream = process.stderr): Progress {
  const every = stream.isTTY ? 1 : 25
  let shown = 0
  return {
    at(done) {
      const percent = Math.floor((done * 100) / steps)
      if (percent < shown + every) return
      shown = percent
      const text = `${label.padEnd(34)} ${String(percent).padStart(3)} %`
      stream.write(stream.isTTY ? `\r${text} ${bar(percent)}` : `${text}\n`)
    },
    end() {
      if (stream.isTTY) stream.write('\r\u001b[K')
    },
  }
}

/** For runs that nobody watches. */
export const NO_PROGRESS: Progress = Object.freeze({ at: () => undefined, end: () => undefined })

function bar(percent: number): string {
  const full = Math.round((percent * WIDTH) / 100)
  return styleText('cyan', '█'.repeat(full)) + styleText('gray', '░'.repeat(WIDTH - full))
}
