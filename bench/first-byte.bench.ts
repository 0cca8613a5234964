/** How much later does the first byte of a stream come through the gateway than through a bare proxy? */
import { printBar } from './bar.ts'
import { median, type Started, start } from './load.ts'
import { LOAD_CORE, pin } from './pin.ts'
import { QUICK } from './quick.ts'
import { openStream } from './streams.ts'

const CALLS = QUICK ? 200 : 3_000
const WARM_UP = QUICK ? 50 : 500

pin(process.pid, LOAD_CORE)
const servers: Started[] = []
try {
  for (const kind of ['undici', 'lockgate']) {
    servers.push(await start({ name: kind, server: ['chat-proxy.ts', kind] }))
  }
  const times = servers.map((): number[] => [])
  for (let call = -WARM_UP; call < CALLS; call++) {
    // In turn, so that a drift of the machine hits both alike.
    for (const [i, server] of servers.entries()) {
      const { firstByteMs, ended } = await openStream(server)
      await ended
      if (call >= 0) times[i]?.push(firstByteMs)
    }
  }
  const [bare = Number.NaN, ours = Number.NaN] = times.map(median)
  console.log('\nFirst byte of a streamed chat completion, one call at a time, p50')
  console.log(`  ${'bare undici dispatch, no auth'.padEnd(44)} ${bare.toFixed(3)} ms`)
  console.log(`  ${'lockgate: key, limits, spend held'.padEnd(44)} ${ours.toFixed(3)} ms`)
  printBar({ what: 'ms more than the bare proxy', ratio: ours - bare, atMost: 2 })
} finally {
  for (const server of servers) server.process.kill()
}
process.exit()
