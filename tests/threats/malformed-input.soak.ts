import { test } from 'vitest'
import { sendMalformed } from './malformed-input.ts'

const INPUTS = Number(process.env['LOCKGATE_MALFORMED_INPUTS'] ?? 200_000)

test(`${INPUTS} malformed requests end no process, throw nothing and harm no good client`, () =>
  sendMalformed(INPUTS))
