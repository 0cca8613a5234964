/**
 * Ends what the command-line tests of a file started when that file is over. Unit files share modules,
 * so an `afterAll` of a module is known to the first of them only; this is run for each.
 */
import { afterAll } from 'vitest'
import { endStarted } from './command-line.ts'

afterAll(endStarted)
