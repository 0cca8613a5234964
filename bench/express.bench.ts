/** What does the guard cost in Express 5, beside no guard and beside the usual rate limiters? */
import { race } from './load.ts'

await race('Express 5 with …', [
  { name: 'nothing', server: ['express.ts', 'bare'] },
  { name: 'lockgate: key, scope, address, min+burst+day', server: ['express.ts', 'lockgate'] },
  { name: 'express-rate-limit, memory', server: ['express.ts', 'express-rate-limit'] },
  { name: 'rate-limiter-flexible, memory, no headers', server: ['express.ts', 'flexible'] },
])
