/** Which processor runs what: with two, what is measured has one and its load the other. */
import { execFileSync } from 'node:child_process'

export const MEASURED_CORE = 0
export const LOAD_CORE = 1

/** All threads of a process that runs already. */
export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
