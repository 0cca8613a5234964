/**
 * Calls back once when a response of node:http is over, however it ends: written, aborted by the
 * client, or left unanswered on a connection that closes.
 *
 * A response that waits behind another on a pipelined connection has no socket yet, and not every
 * version of node tells it when that connection goes; for those the connection is watched as well.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

export function onResponseEnd(req: IncomingMessage, res: ServerResponse, end: () => void): void {
  if (res.closed || req.socket.destroyed) {
    end()
    return
  }
  if (res.socket !== null) {
    res.once('close', end)
    return
  }
  const { socket } = req
  const endOnce = (): void => {
    socket.removeListener('close', endOnce)
    res.removeListener('close', endOnce)
    end()
  }
  socket.once('close', endOnce)
  res.once('close', endOnce)
}
