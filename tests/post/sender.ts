/**
 * A process that sends mail: the program of `senders.ts`. A real gate with all of its chores and the
 * real SMTP mailer, on the database and the mail server that the environment names. Only its clock is
 * not real: the first argument is its time in ms, and its parent moves it over IPC. It ends with its
 * parent.
 */
import { lockgate } from '../../src/index.ts'
import { createTestClock } from '../../src/testing/test-clock.ts'

const clock = createTestClock(Number(process.argv[2]))
// Hashing with the least that argon2id takes: nothing here is about hashing.
const config = { keys: { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } } }
const gate = await lockgate({ config, clock })

const ORDERS = {
  /** Makes a key and reports it; resolves with its key_id. */
  async leak(owner: string): Promise<string> {
    const { keyId } = (await gate.keys.issue({ owner })).record
    await gate.leaks.reportId(keyId, { source: 'operator' })
    return keyId
  },
  /** Nothing more: what is due then is found by the gate itself, within a second. */
  advance: async (ms: number): Promise<void> => clock.advance(ms),
  /** The same, and waits for what is due. */
  async pass(ms: number): Promise<void> {
    clock.advance(ms)
    await gate.post.deliver()
  },
  /** What a link leads to. */
  async look(token: string): Promise<{ readonly state: string; readonly keyId: string }> {
    const { state, key } = await gate.links.look(token)
    return { state, keyId: key.keyId }
  },
  close: () => gate.close(),
}

export type Orders = typeof ORDERS

/** One at a time. */
export interface Order {
  readonly name: keyof Orders
  readonly args: readonly unknown[]
}

export interface Answer {
  readonly result?: unknown
  readonly error?: string
}

function tell(answer: Answer): void {
  process.send?.(answer)
}

process.on('message', ({ name, args }: Order) => {
  const order: (...given: never[]) => Promise<unknown> = ORDERS[name]
  order(...(args as never[])).then(
    (result) => tell({ result }),
    (error: unknown) => tell({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
tell({ result: 'open' })
