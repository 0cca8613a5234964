#!/usr/bin/env node
/**
 * The program `lockgate`. Warnings are sorted out before anything else is loaded, because loading is
 * what causes them.
 */
import { quietWarnings } from './quiet-warnings.ts'

quietWarnings()
const { endOnCrash } = await import('./crash.ts')
endOnCrash()
const { runProgram } = await import('./run-program.ts')
process.exitCode = await runProgram(process.argv.slice(2))
