/**
 * How much memory does a stream take that is open for long? Resident memory of the server after a
 * collection of garbage, with so many slow streams and before them, of a server that had some already.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { printBar } from './bar.ts'
import { type Started, start } from './load.ts'
import { LOAD_CORE, pin } from './pin.ts'
import { QUICK } from './quick.ts'
import { type OpenStream, openStream } from './streams.ts'

const STREAMS = QUICK ? 200 : 1_000
/** Half as many before: what the heap grows by the first time is not what a stream takes. */
const WARM_UP = STREAMS / 2
const AT_ONCE = 50

pin(process.pid, LOAD_CORE)
console.log(`\nMemory of ${STREAMS.toLocaleString('en')} slow streams at once`)
const bare = await measure('undici', 'bare undici dispatch, no auth')
const ours = await measure('lockgate', 'lockgate: key, limits, spend held, metered')
console.log(`  ${'lockgate beyond the bare proxy'.padEnd(44)} ${(ours - bare).toFixed(1)} KB each`)
printBar({ what: 'KB for each stream', ratio: ours, atMost: 60 })
process.exit()

/** KB for each stream. */
async function measure(kind: string, name: string): Promise<number> {
  const server = await start({ name, server: ['chat-proxy.ts', kind, 'slow'] })
  try {
    for (const stream of await openAll(server, WARM_UP)) stream.hangUp()
    await sleep(1_000)
    const before = await residentKb(server)
    const streams = await openAll(server, STREAMS)
    await sleep(3_000)
    const each = ((await residentKb(server)) - before) / STREAMS
    for (const stream of streams) stream.hangUp()
    console.log(`  ${name.padEnd(44)} ${each.toFixed(1)} KB each`)
    return each
  } finally {
    server.process.kill()
  }
}

async function openAll(server: Started, count: number): Promise<OpenStream[]> {
  const streams: OpenStream[] = []
  while (streams.length < count) {
    const some = Math.min(AT_ONCE, count - streams.length)
    streams.push(...(await Promise.all(Array.from({ length: some }, () => openStream(server)))))
  }
  return streams
}

async function residentKb({ process: { pid } }: Started): Promise<number> {
  if (pid === undefined) throw new Error('the server has no process')
  for (let round = 0; round < 2; round++) {
    process.kill(pid, 'SIGUSR2')
    await sleep(500)
  }
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1])
}
