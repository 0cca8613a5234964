/** What does the gateway cost where it counts money, beside a proxy that looks at nothing and beside a peer? */
import { printBar } from './bar.ts'
import { race } from './load.ts'

const results = await race('A small chat completion, not streamed', [
  { name: 'bare undici dispatch, no auth', server: ['chat-proxy.ts', 'undici'] },
  { name: 'lockgate: key, limits, spend held and settled', server: ['chat-proxy.ts', 'lockgate'] },
  { name: 'Portkey gateway, no auth, no budget', server: ['chat-proxy.ts', 'portkey'] },
])
const [bare, ours, peer] = results.map(({ perSecond }) => perSecond)
if (bare !== undefined && ours !== undefined && peer !== undefined) {
  printBar({ what: 'lockgate to the bare proxy', ratio: ours / bare, atLeast: 0.75 })
  printBar({ what: 'lockgate to Portkey', ratio: ours / peer, atLeast: 8 })
}
