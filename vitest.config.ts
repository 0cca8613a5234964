/**
 * Four projects. `unit` needs nothing but the sources, and since no module of them holds state, its
 * files share what was loaded; `mocked` is what replaces a module.
 * `repository` looks at the checkout, and `published` tests the packed tarball: it packs and installs it
 * once before its first test.
 */
import { defineConfig } from 'vitest/config'

const MOCKED = ['src/engine/secrets/verifier.test.ts']
const PUBLISHED = ['tests/package/**/*.test.ts', 'tests/docs/snippets.test.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    // One more than the cores that there are at least: much of a test is waiting for a server.
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: MOCKED,
          isolate: false,
          setupFiles: ['tests/cli/command-line.setup.ts'],
        },
      },
      { extends: true, test: { name: 'mocked', include: MOCKED } },
      {
        extends: true,
        test: {
          name: 'repository',
          include: ['tests/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: PUBLISHED,
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'published',
          include: PUBLISHED,
          globalSetup: ['tests/package/install.setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
