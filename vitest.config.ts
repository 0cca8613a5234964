/**
 * Two projects: `unit` needs nothing but the sources; `repository` tests the packed tarball and the
 * documentation, and packs and installs once before its first test.
 */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['src/**/*.test.ts', 'examples/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'repository',
          include: ['tests/**/*.test.ts'],
          globalSetup: ['tests/consumer.setup.ts'],
          testTimeout: 120_000,
        },
      },
    ],
  },
})
