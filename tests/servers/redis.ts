/** A Redis server for one test file. */
import { launchNode } from './redis-node.ts'

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Of the process that runs now. */
  readonly pid: number
  /** Ends it without a word, as a power cut would; fulfils when it is gone. */
  kill(): Promise<void>
  /** It accepts connections and answers nothing until `resume`. */
  pause(): void
  resume(): void
  /** Again, on the same port; without data, unless `args` asked for an append-only file. */
  start(): Promise<void>
  /** For good. */
  stop(): Promise<void>
}

export interface RedisOptions {
  /** Added to the command line of redis-server. */
  readonly args?: readonly string[]
  readonly port?: number
}

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const { child, port } = await launchNode(options)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid
    },
    kill: () => child.kill(),
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    start: () => child.start(),
    stop: () => child.stop(),
  }
}

/**
 * The server of `LOCKGATE_TEST_REDIS_URL`, which others use too: choose a random key prefix and flush
 * nothing. Without that variable a server of our own.
 */
export async function testRedis(): Promise<{
  readonly url: string
  readonly stop: () => Promise<void>
}> {
  const url = process.env['LOCKGATE_TEST_REDIS_URL']
  if (url === undefined || url === '') return startRedis()
  return { url, stop: async () => {} }
}
