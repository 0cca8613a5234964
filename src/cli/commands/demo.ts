/**
 * `lockgate demo`: a gateway in front of a local fake LLM, to play with. What it needs is loaded only
 * when it is asked for.
 */
import type { Command } from 'commander'
import { readPort } from '../arguments.ts'

interface DemoOptions {
  readonly once?: true
  readonly port: string
}

/** `fail` makes the program end with exit code 1. */
export function addDemo(program: Command, fail: () => void): void {
  program
    .command('demo')
    .description('run a gateway in front of a local fake LLM, to play with until Ctrl-C')
    .option('--once', 'ask for every answer, check each, and end')
    .option('--port <port>', 'of the gateway, or the next free one; 0 for any', '8787')
    .action(async ({ once, port: wanted }: DemoOptions) => {
      const port = readPort(wanted, '--port')
      const { play } = await import('../demo/play.ts')
      const { LLM_DEMO } = await import('../demo/llm-demo.ts')
      if (!(await play(LLM_DEMO, { once: once === true, port }))) fail()
    })
}
