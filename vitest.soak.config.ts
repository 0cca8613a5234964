/** The long run: all tests of the sources, with their `*.soak.ts`, and an hour for each. */
import { defineConfig } from 'vitest/config'

const HOUR_MS = 60 * 60 * 1000

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    include: ['src/**/*.{test,soak}.ts', 'tests/**/*.soak.ts'],
    testTimeout: HOUR_MS,
    hookTimeout: HOUR_MS,
  },
})
