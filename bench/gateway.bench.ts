/** What does the gateway cost beside a proxy that checks nothing? */
import { race } from './load.ts'

await race('A reverse proxy, 2-byte answers', [
  { name: 'bare undici dispatch, no auth', server: ['proxy.ts', 'undici'] },
  { name: 'lockgate: key, scope, address, min+burst+day', server: ['proxy.ts', 'lockgate'] },
  { name: '@fastify/http-proxy, no auth', server: ['proxy.ts', 'fastify'] },
])
