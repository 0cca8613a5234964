import { test } from 'vitest'
import { sendMalformed } from './malformed-input.ts'

test('4,000 malformed requests end no process, throw nothing and harm no good client', () =>
  sendMalformed(4_000))
