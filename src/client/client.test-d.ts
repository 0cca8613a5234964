/** Types of the client, checked by tsc: they are those of the contract. */
import { expectTypeOf } from 'vitest'
import { createClient } from './index.ts'

const client = createClient({ baseUrl: 'http://127.0.0.1:8788', key: 'k', fetch })

const made = await client.keys.create({ owner: 'ada@example.com', expires_at: null })
expectTypeOf(made.key).toEqualTypeOf<string>()
expectTypeOf(made.scopes).toEqualTypeOf<string[]>()
expectTypeOf(made.status).toEqualTypeOf<'active' | 'disabled' | 'revoked' | 'expired'>()

const { data, next_cursor } = await client.keys.list({ status: 'active', limit: 10 })
expectTypeOf(next_cursor).toEqualTypeOf<string | null>()
expectTypeOf(data[0]?.last_used_at).toEqualTypeOf<string | null | undefined>()

const verdict = await client.verify({ key: 'k', cost: 2 })
if (verdict.valid) expectTypeOf(verdict.key_id).toEqualTypeOf<string>()
else expectTypeOf(verdict.retry_after).toEqualTypeOf<number | undefined>()

// @ts-expect-error an owner is needed
client.keys.create({})
// @ts-expect-error a member that is not known
client.keys.create({ owner: 'ada@example.com', ownr: 'x' })
// @ts-expect-error a status that there is not
client.keys.list({ status: 'gone' })
// @ts-expect-error a page's size is a number
client.audit.list({ limit: '10' })
