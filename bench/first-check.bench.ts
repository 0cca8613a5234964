/** What does the first check of a key cost beyond argon2id itself? */
import { verify } from '@node-rs/argon2'
import { benchDatabase, openBenchGate } from './servers/open-gate.ts'
import { compare } from './time.ts'

const KEYS = 40
const database = benchDatabase()
let { gate: fresh } = await openBenchGate(database)
const request = { address: '203.0.113.9', requestId: 'bench', scope: 'read' }
const issued = await Promise.all(
  Array.from({ length: KEYS }, () => fresh.keys.issue({ owner: 'bench@example.com' })),
)
const [one] = issued
if (one === undefined) throw new Error('no key was issued')
const secret = one.key.slice(-49, -6)

const results = await compare('The first check of a key', [
  {
    name: "argon2id's own time",
    times: KEYS,
    async run(times) {
      for (let i = 0; i < times; i++) await verify(one.record.secretHash, secret)
    },
  },
  {
    name: 'lockgate gate.check, never seen before',
    times: KEYS,
    prepare: restart,
    async run(times) {
      for (const { key } of issued.slice(0, times)) {
        const decision = await fresh.check({ ...request, presentedKey: key })
        if (!decision.allowed) throw new Error(decision.code)
      }
    },
  },
])
const [bare, first] = results
if (bare && first)
  console.log(
    `  beyond argon2id: ${((first.microseconds - bare.microseconds) / 1000).toFixed(2)} ms`,
  )
await fresh.close()

/** A process that has just started: the same database, nothing verified yet. */
async function restart(): Promise<void> {
  await fresh.close()
  fresh = (await openBenchGate(database)).gate
}
