/** What the OpenAPI document says of a route. Contracts become this; other routes write it out. */
import { z } from 'zod'
import type { EndpointParts } from './endpoint.ts'
import { type RefusedBy, refusalsOf } from './refusals.ts'

export interface Documented {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description?: string | undefined
  readonly access: RefusedBy['access']
  readonly query?: z.ZodObject | undefined
  readonly headers?: z.ZodObject | undefined
  readonly body?: Content & { readonly isOptional?: boolean }
  /** By status. */
  readonly answers: Readonly<Record<number, { readonly description: string } & Contents>>
  readonly refusals: ReturnType<typeof refusalsOf>
  /** Refusals are pages, unless JSON is asked for. */
  readonly refusesWithPages?: boolean
}

export interface Content {
  readonly type: string
  readonly schema: z.ZodType
}

export interface Contents {
  readonly contents: readonly Content[]
}

export function documented(contract: EndpointParts): Documented {
  const { method, path, operationId, summary, description, access, query, headers } = contract
  const { body, bodyIsOptional = false, status, answer, alsoAnswers, refusals } = contract
  const lines = alsoAnswers === undefined ? [] : [{ type: alsoAnswers, schema: LINES }]
  return {
    ...{ method, path, operationId, summary, description, access, query, headers },
    ...(body && { body: { type: 'application/json', schema: body, isOptional: bodyIsOptional } }),
    answers: {
      [status]: {
        description: status === 201 ? 'Made.' : 'Done.',
        contents: [{ type: 'application/json', schema: answer }, ...lines],
      },
    },
    refusals: refusalsOf({
      ...{ access, readsJson: body !== undefined, readsQuery: true },
      ...{ asksStore: true, own: refusals ?? [] },
    }),
  }
}

const LINES = z.string().meta({ description: 'One JSON object a line.' })
