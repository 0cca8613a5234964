/**
 * Keeps three of Node's warnings off a person's terminal, and no other: a configuration file in a
 * folder without "type" in its package.json, SQLite and type stripping being new in Node 22.
 */

/** Call once, before SQLite or a configuration file is loaded. */
export function quietWarnings(): void {
  const printers = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (isExpected(warning)) return
    for (const print of printers) print.call(process, warning)
  })
}

function isExpected(warning: Error & { readonly code?: string }): boolean {
  if (warning.code === 'MODULE_TYPELESS_PACKAGE_JSON') return true
  if (warning.name !== 'ExperimentalWarning') return false
  return /^(SQLite|Type Stripping) is an experimental feature/.test(warning.message)
}
