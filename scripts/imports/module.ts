/**
 * What one source file imports and which globals it names, read from its syntax tree: comments and
 * strings never count, type-only imports do.
 */
import { type ParseResult, parseSync } from 'oxc-parser'

export interface Import {
  /** As written; undefined where it is computed. */
  readonly specifier: string | undefined
  /** Gone at run time: `import type`, `export type`, `import('x').Y` in a type. */
  readonly typeOnly: boolean
  /** `import()`: loaded when it runs, not with the file. */
  readonly lazy: boolean
  /** The imported names, where they are listed. */
  readonly names: readonly string[]
  readonly line: number
}

/** A dotted name that starts at an identifier, such as `Date.now`; without a leading `globalThis.`. */
export interface NameUse {
  readonly name: string
  readonly line: number
}

export interface ModuleFacts {
  readonly imports: readonly Import[]
  readonly names: readonly NameUse[]
}

type Node = { readonly type: string; readonly start: number } & Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

/** Throws when the text is not valid TypeScript. */
export function readModule(path: string, text: string): ModuleFacts {
  const parsed = parseSync(path, text)
  const problem = parsed.errors.find((error) => error.severity === 'Error')
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`)
  const imports: Import[] = []
  const names: NameUse[] = []
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length
  walk(parsed.program, (node) => {
    const found = importOf(node)
    if (found !== undefined) imports.push({ ...found, line: lineAt(node.start) })
    for (const name of namesOf(node)) names.push({ name, line: lineAt(node.start) })
  })
  return { imports, names }
}

function walk(root: ParseResult['program'], visit: (node: Node) => void): void {
  const pending: unknown[] = [root]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (Array.isArray(value)) pending.push(...value.filter((item) => item !== null))
    if (!isNode(value)) continue
    visit(value)
    for (const [field, child] of Object.entries(value)) {
      const isName = (field === 'property' || field === 'key') && value['computed'] === false
      if (!isName && typeof child === 'object' && child !== null) pending.push(child)
    }
  }
}

function importOf(node: Node): Omit<Import, 'line'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration': {
      if (!isNode(node['source'])) return undefined
      const typeOnly = node['importKind'] === 'type' || node['exportKind'] === 'type'
      return {
        ...{ specifier: literal(node['source']), typeOnly, lazy: false },
        names: importedNames(node),
      }
    }
    case 'ImportExpression':
      return { specifier: literal(node['source']), typeOnly: false, lazy: true, names: [] }
    case 'TSImportType':
      return { specifier: literal(node['source']), typeOnly: true, lazy: false, names: [] }
    default:
      return undefined
  }
}

function importedNames(node: Node): string[] {
  const specifiers = Array.isArray(node['specifiers']) ? node['specifiers'].filter(isNode) : []
  return specifiers.flatMap((specifier) => {
    const imported = specifier['imported'] ?? specifier['local']
    return isNode(imported) && typeof imported['name'] === 'string' ? [imported['name']] : []
  })
}

function literal(node: unknown): string | undefined {
  return isNode(node) && typeof node['value'] === 'string' ? node['value'] : undefined
}

function namesOf(node: Node): string[] {
  if (node.type === 'NewExpression' || node.type === 'CallExpression') {
    const isCurrentTime =
      dotted(node['callee']) === 'Date' &&
      (node.type === 'CallExpression' || (node['arguments'] as unknown[]).length === 0)
    return isCurrentTime ? ['Date()'] : []
  }
  if (node.type === 'VariableDeclarator') return destructuredNames(node)
  const name = dotted(node)
  return name === undefined ? [] : [name.replace(/^(globalThis|global)\./, '')]
}

/** `const { env } = process` names `process.env`. */
function destructuredNames(node: Node): string[] {
  const object = dotted(node['init'])
  const pattern = node['id']
  if (object === undefined || !isNode(pattern) || !Array.isArray(pattern['properties'])) return []
  return pattern['properties'].filter(isNode).flatMap((property) => {
    const key = dotted(property['key'])
    return key === undefined ? [] : [`${object}.${key}`]
  })
}

/** `a.b.c` and `a['b'].c` as `a.b.c`; undefined for anything else. */
function dotted(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'Identifier') return String(node['name'])
  if (node.type !== 'MemberExpression') return undefined
  const object = dotted(node['object'])
  const property = node['computed'] === true ? literal(node['property']) : dotted(node['property'])
  return object === undefined || property === undefined ? undefined : `${object}.${property}`
}
