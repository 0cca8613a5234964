/**
 * The little that every contract suite needs of a test runner: `vitest` and `node:test` both have it.
 * A failed test throws.
 */

export interface ContractRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: ContractTest
}

export interface ContractTest {
  (name: string, body: () => Promise<void>): unknown
  skip(name: string, body: () => Promise<void>): unknown
}
