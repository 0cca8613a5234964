/** Types of `guard`, checked by tsc: what an application with @types/express sees. */
import type { Request, RequestHandler } from 'express'
import { expectTypeOf } from 'vitest'
import type { Gate } from '../../engine/gate.ts'
import { type GuardedRequest, guard, type RequestIdentity } from './index.ts'

declare const gate: Gate

export const handler: RequestHandler = (req, res) => {
  expectTypeOf(req.lockgate).toEqualTypeOf<RequestIdentity>()
  expectTypeOf(req.lockgate.owner).toEqualTypeOf<string>()
  expectTypeOf(req.lockgate.keyId).toEqualTypeOf<string>()
  expectTypeOf(req.lockgate.scopes).toEqualTypeOf<readonly string[]>()
  expectTypeOf(req.lockgate.requestId).toEqualTypeOf<string>()
  expectTypeOf(req.lockgate.limits[0]).toExtend<{ remaining: number } | undefined>()
  res.json({ owner: req.lockgate.owner })
}

expectTypeOf(guard(gate)).toExtend<RequestHandler>()
expectTypeOf(guard(gate, { scope: 'write' })).toExtend<RequestHandler>()
expectTypeOf(
  guard(gate, { cost: (req) => req.headers.host?.length ?? 1 }),
).toExtend<RequestHandler>()
expectTypeOf(guard(gate, { cost: (req: Request) => req.body.n })).toExtend<RequestHandler>()
expectTypeOf<Request>().toExtend<GuardedRequest>()

// @ts-expect-error an option that does not exist
guard(gate, { scop: 'write' })
// @ts-expect-error a cost is a number
guard(gate, { cost: '1' })
// @ts-expect-error a limit has a window
guard(gate, { limits: [{ name: 'x', quota: 1 }] })
