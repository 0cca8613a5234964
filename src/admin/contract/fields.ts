/** The fields that several endpoints have. */
import { z } from 'zod'
import { LIMIT_ALGORITHMS } from '../../core/limits/limit.ts'

export const keyId = z.string().meta({
  description: 'The public part of a key: 8 letters and digits.',
  example: '7Hq2mZ9x',
})

/** A text to look for: one line, not long. */
export const soughtText = z
  .string()
  .max(254, 'must have at most 254 characters')
  .regex(/^\P{Cc}+$/u, 'must be text in one line')

/** RFC 3339, in UTC, as we write it. */
export const time = z.iso.datetime().meta({ example: '2030-01-31T12:00:00.000Z' })

/** RFC 3339 with any offset, read into ms since the epoch. */
export const timeInput = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time such as 2030-01-31T12:00:00Z' })
  .meta({ example: '2030-01-31T12:00:00Z' })

const duration = z.union([z.string(), z.int().min(0)]).meta({
  description: 'Such as "500ms", "10s", "1m", "24h", "1d", "1w", or whole milliseconds.',
  example: '1m',
})

export const limitInput = z
  .strictObject({
    name: z.string().meta({ example: 'minute' }),
    quota: z.int().min(1),
    window: duration,
    algorithm: z.enum(LIMIT_ALGORITHMS).optional(),
    burst: z.strictObject({ extra: z.number().meta({ example: 0.2 }), for: duration }).optional(),
  })
  .meta({ id: 'LimitInput', description: 'A limit as the configuration writes it.' })

export const limit = z
  .strictObject({
    name: z.string(),
    quota: z.int(),
    window_ms: z.int(),
    algorithm: z.enum(LIMIT_ALGORITHMS),
    burst: z.strictObject({ extra_quota: z.int(), duration_ms: z.int() }).nullable(),
  })
  .meta({ id: 'Limit' })

export const limitStatus = z
  .strictObject({
    name: z.string(),
    quota: z.int(),
    window_ms: z.int(),
    remaining: z.int(),
    reset_ms: z.int(),
  })
  .meta({ id: 'LimitStatus', description: 'Where a limit stands.' })

export const cursor = z.string().min(1).max(200).meta({
  description: 'The next_cursor of the page before. Opaque.',
})

/** A page's size, as a query writes it. */
export const pageSize = (most: number, usual: number) =>
  z
    .string()
    .refine(
      (text) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= most,
      `must be a whole number from 1 to ${most}`,
    )
    .transform(Number)
    .optional()
    .meta({
      description: `How many at most, 1 to ${most}; default ${usual}.`,
      override: { type: 'integer', minimum: 1, maximum: most, default: usual },
    })

export const nextCursor = z.string().nullable().meta({
  description: 'Where the next page begins; null after the last one.',
})
