/** Does a flood of 10,000 invented keys a second from one address slow down a good key? */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import { serve } from '../tests/e2e/serving.ts'
import { median } from './load.ts'

const PHASES = 5
const PHASE_MS = 6_000
const WARM_UP_MS = 3_000
const EVERY_MS = 5

const plenty = [{ name: 'minute', quota: 1_000_000, window: '1m' }]
const serving = await serve({ tiers: { free: { limits: plenty } }, ip: { limits: plenty } })
const { key } = await serving.createKey()
const agent = new Agent({ connections: 4 })

console.log('\nA good key, alone and beside 10,000 invented keys a second (p99 in ms)')
const ratios: number[] = []
for (let i = 0; i <= PHASES; i++) {
  const quiet = await phase()
  const flooder = fork(fileURLToPath(new URL('servers/flooder.ts', import.meta.url)), [serving.url])
  await once(flooder, 'message')
  // What is asked is how a flood is, not how the flooder starts.
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS))
  const flooded = await phase()
  flooder.send('stop')
  const [perSecond] = await once(flooder, 'message')
  await once(flooder, 'exit')
  if (i === 0) continue
  ratios.push(flooded / quiet)
  const figures = `quiet ${quiet.toFixed(2)}  flooded ${flooded.toFixed(2)}`
  console.log(`  ${figures}  ratio ${(flooded / quiet).toFixed(2)}  (${perSecond} invented keys/s)`)
}
console.log(`  median ratio ${median(ratios).toFixed(2)}`)
await agent.close()
await serving.stop()

/** The 99th percentile of good requests, sent at a steady pace, in ms. */
async function phase(): Promise<number> {
  const taken: number[] = []
  const running: Promise<void>[] = []
  const endsAt = performance.now() + PHASE_MS
  while (performance.now() < endsAt) {
    running.push(ask(taken))
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  await Promise.all(running)
  return taken.toSorted((a, b) => a - b)[Math.floor(taken.length * 0.99)] ?? Number.NaN
}

async function ask(taken: number[]): Promise<void> {
  const beganAt = performance.now()
  const headers = { authorization: `Bearer ${key}` }
  const { statusCode, body } = await request(serving.url, { headers, dispatcher: agent })
  await body.dump()
  if (statusCode !== 200) throw new Error(`a good key got ${statusCode}`)
  taken.push(performance.now() - beganAt)
}
