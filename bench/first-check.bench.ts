/** What does the first check of a key cost beyond argon2id itself? */
import { verify } from '@node-rs/argon2'
import { benchDatabase, openBenchGate } from './servers/open-gate.ts'
import { compare } from './time.ts'

const KEYS = 40
const database = benchDatabase()
const { gate } = await openBenchGate(database)
const issued = await Promise.all(
  Array.from({ length: KEYS }, () => gate.keys.issue({ owner: 'bench@example.com' })),
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
  { name: 'lockgate gate.check, never seen before', times: KEYS, run: checkAllAfresh },
])
const [bare, first] = results
if (bare && first)
  console.log(
    `  beyond argon2id: ${((first.microseconds - bare.microseconds) / 1000).toFixed(2)} ms`,
  )
await gate.close()

/** As a process that has just started sees them: the same database, nothing verified yet. */
async function checkAllAfresh(times: number): Promise<void> {
  const { gate: fresh } = await openBenchGate(database)
  for (const { key } of issued.slice(0, times)) {
    const decision = await fresh.check({
      presentedKey: key,
      address: undefined,
      requestId: 'bench',
    })
    if (!decision.allowed) throw new Error(decision.code)
  }
  await fresh.close()
}
