/**
 * Finds and reads the configuration file. `.ts` is loaded by Node's own type stripping and must
 * therefore hold erasable TypeScript only. A file that is named must exist; one that is not named
 * is looked for in the working directory, where there may be one or none.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../core/errors.ts'

const CONFIG_FILE_NAMES: readonly string[] = [
  'lockgate.config.ts',
  'lockgate.config.mts',
  'lockgate.config.js',
  'lockgate.config.mjs',
  'lockgate.config.json',
]

/** Where this package's own entry is, for a configuration beside which it is not installed. */
const OWN_ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js',
  import.meta.url,
).href

/** The path of the file to read; undefined when none is named and none is there. */
export function findConfigFile(cwd: string, named: string | undefined): string | undefined {
  if (named !== undefined) {
    const path = resolve(cwd, named)
    if (existsSync(path)) return checkFile(path)
    throw new ConfigError(`${path}: there is no such file; check --config`)
  }
  const found = CONFIG_FILE_NAMES.filter((name) => existsSync(resolve(cwd, name)))
  if (found.length > 1) {
    throw new ConfigError(`found ${found.join(' and ')}; keep one, or name one with --config`)
  }
  return found[0] === undefined ? undefined : checkFile(resolve(cwd, found[0]))
}

/** A named pipe will do as well; a folder will not. */
function checkFile(path: string): string {
  if (!statSync(path).isDirectory()) return path
  throw new ConfigError(`${path}: is a folder; name the configuration file in it with --config`)
}

/** What the file exports or holds, unchecked. Throws a ConfigError that names the file. */
export async function loadConfigFile(path: string): Promise<unknown> {
  return path.endsWith('.json') ? readJson(path) : importDefault(path)
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    // The parser's message may quote the text, and with it a credential: only the place is said.
    const [place = ''] = /\(line \d+ column \d+\)/.exec(String(error)) ?? []
    throw new ConfigError(`${path}: is not valid JSON ${place}`.trimEnd())
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${firstLine(error)}`, { cause: error })
  }
}

async function importDefault(path: string): Promise<unknown> {
  const module = await importFile(path)
  if ('default' in module && module['default'] !== undefined) return module['default']
  throw new ConfigError(
    `${path}: has no default export; write "export default defineConfig({ … })"`,
  )
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  // A configuration that is mounted is often a link, and modules are known by where they really are.
  const url = pathToFileURL(realpathSync(path)).href
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context)
      } catch (error) {
        if (specifier !== 'lockgate' || context.parentURL !== url) throw error
        return { url: OWN_ENTRY, shortCircuit: true }
      }
    },
    load(loadUrl, context, nextLoad) {
      const format = loadUrl === url ? moduleFormat(context.format, path) : undefined
      return nextLoad(loadUrl, format === undefined ? context : { ...context, format })
    },
  })
  try {
    return await import(url)
  } catch (error) {
    throw new ConfigError(`${path}: cannot be loaded: ${firstLine(error)}`, { cause: error })
  } finally {
    hooks.deregister()
  }
}

/**
 * The format of a file that is written as an ES module in a folder that says `"type": "commonjs"`,
 * as `npm init` does; undefined where Node's own choice is right.
 */
function moduleFormat(chosen: string | null | undefined, path: string): string | undefined {
  if (chosen !== 'commonjs' && chosen !== 'commonjs-typescript') return undefined
  if (!/^(?:import|export)\b/m.test(readFileSync(path, 'utf8'))) return undefined
  return chosen === 'commonjs' ? 'module' : 'module-typescript'
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.trim().split('\n')[0]?.trim() ?? ''
}
