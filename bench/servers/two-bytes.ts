/** An upstream that answers `ok`. */
import { createServer } from 'node:http'
import { announce } from './announce.ts'

await announce(createServer((_req, res) => res.end('ok')).listen(0, '127.0.0.1'))
