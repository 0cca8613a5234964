/**
 * Takes a connection from the pool for one piece of work.
 *
 * Failure: within the deadline it fulfils or rejects, whatever the pool and the server do. A
 * connection that failed, or still works when the deadline passes, is ended and not given back, so
 * the pool heals by making new ones.
 */
import type { Deadline } from './deadline.ts'
import { ConnectionLostError, DeadlineError } from './failure.ts'
import type { PostgresClient, PostgresPool } from './pool.ts'
import { Session } from './session.ts'

/** Every failure of a connection rejects its query too; without a listener it would end the process. */
export function ignoreError(): void {}

export async function borrow<Result>(
  pool: PostgresPool,
  deadline: Deadline,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const client = await connect(pool, deadline)
  client.on('error', ignoreError)
  const session = new Session(client)
  let ended = false
  try {
    return await deadline.race(
      work(session).finally(() => {
        ended = true
      }),
    )
  } catch (error) {
    throw session.broken ? new ConnectionLostError(error) : error
  } finally {
    client.release(session.broken || !ended)
    client.off('error', ignoreError)
  }
}

/** A connection that comes too late goes back at once. */
async function connect(pool: PostgresPool, deadline: Deadline): Promise<PostgresClient> {
  const connecting = pool.connect()
  try {
    return await deadline.race(connecting)
  } catch (error) {
    connecting.then((client) => client.release()).catch(ignoreError)
    throw error instanceof DeadlineError ? error : new ConnectionLostError(error)
  }
}
