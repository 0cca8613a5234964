/** Drivers are optional peers: loaded when a URL asks for them, and asked for when they are missing. */
import { ConfigError } from '../core/errors.ts'

/** What `load` gives; a ConfigError with the command to run where the package is not installed. */
export async function loadDriver<T>(
  server: string,
  name: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && String(error).includes(`'${name}'`)
    if (!isMissing) throw error
    throw new ConfigError(`${server} needs the package ${name}: npm install ${name}`)
  }
}
