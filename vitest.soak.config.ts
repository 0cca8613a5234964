/** The long run: all tests but those of the published package, the `*.soak.ts`, an hour for each. */
import { defineConfig } from 'vitest/config'

const HOUR_MS = 60 * 60 * 1000

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    include: ['{src,scripts,tests}/**/*.{test,soak}.ts'],
    exclude: ['tests/package/**', 'tests/docs/**'],
    testTimeout: HOUR_MS,
    hookTimeout: HOUR_MS,
  },
})
