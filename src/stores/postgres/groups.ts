/** Parts of a list: a statement takes at most 65,535 parameters. */
const ROWS_AT_ONCE = 1000

export function* groupsOf<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    yield rows.slice(start, start + ROWS_AT_ONCE)
  }
}
