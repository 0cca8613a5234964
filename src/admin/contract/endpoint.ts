/**
 * The contract of one endpoint: one schema for what it takes and one for what it answers. The server
 * checks requests by it, the OpenAPI document is made of it, and the client's types are read from it.
 */
import type { z } from 'zod'
import type { Denied, Identity } from '../../core/decision.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Actor } from '../../engine/gate.ts'
import { type AdminAnswer, type AdminRequest, type AdminRoute, jsonAnswer } from '../routes.ts'
import { readBody, readQuery } from './read-input.ts'

export interface EndpointParts {
  readonly method: AdminRoute['method']
  readonly path: string
  readonly access: AdminRoute['access']
  /** The name in the OpenAPI document, and of the client's method. */
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly body?: z.ZodType
  /** No body is as good as `{}`. */
  readonly bodyIsOptional?: true
  readonly query?: z.ZodObject
  /** Headers that it looks at, for the document; the handler reads them itself. */
  readonly headers?: z.ZodObject
  readonly status: 200 | 201
  readonly answer: z.ZodType
  /** Another media type in which the answer can be had. */
  readonly alsoAnswers?: string
  /** More than what every endpoint with such an access, body and query can be refused with. */
  readonly refusals?: readonly ErrorCode[]
}

/** Keeps the types of the schemas. */
export const endpoint = <const E extends EndpointParts>(parts: E): E => parts

export type BodyOf<E extends EndpointParts> = E extends { readonly body: infer B extends z.ZodType }
  ? z.output<B>
  : undefined

export type QueryOf<E extends EndpointParts> = E extends {
  readonly query: infer Q extends z.ZodType
}
  ? z.output<Q>
  : undefined

/** A request that fits the contract. */
export interface Asked<E extends EndpointParts>
  extends Pick<AdminRequest, 'params' | 'headers' | 'address' | 'requestId'> {
  readonly body: BodyOf<E>
  readonly query: QueryOf<E>
  readonly caller: Identity
  /** Who did it, for the audit log. */
  readonly actor: Actor
}

/** What a handler comes to: a value of the contract, a denial, or an answer of another type. */
export type Outcome<E extends EndpointParts> =
  | { readonly value: z.input<E['answer']>; readonly headers?: Readonly<Record<string, string>> }
  | Denied
  | AdminAnswer

/** The route that serves a contract. */
export function implement<E extends EndpointParts>(
  contract: E,
  handle: (asked: Asked<E>) => Outcome<E> | Promise<Outcome<E>>,
): AdminRoute {
  const { method, path, access, status, body, query, bodyIsOptional } = contract
  if (access === 'public' || access === 'client')
    throw new Error(`${path} needs a route of its own`)
  return {
    ...{ method, path, access },
    ...(body === undefined ? {} : { body: 'json' }),
    ...(bodyIsOptional === true ? { bodyIsOptional } : {}),
    async handle(request) {
      const outcome = await handle({
        ...{ params: request.params, headers: request.headers },
        ...{ address: request.address, requestId: request.requestId },
        ...callerOf(request),
        query: readQuery(query, request.query) as QueryOf<E>,
        body: readBody(body, request.body) as BodyOf<E>,
      })
      if (!('value' in outcome)) return outcome
      const { value, headers } = outcome
      const answer = jsonAnswer(status, value as object)
      return headers === undefined ? answer : { ...answer, headers }
    },
  }
}

function callerOf({ caller, address, requestId }: AdminRequest) {
  if (caller === undefined) throw new Error('a route that needs a key was reached without one')
  const from = address === undefined ? {} : { address }
  return { caller, actor: { actor: caller.keyId, requestId, ...from } }
}
