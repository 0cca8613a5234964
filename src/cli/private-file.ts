/**
 * Files for their owner only (mode 0600) that appear whole or not at all: written under another name
 * in the same folder, made durable, then renamed. On failure nothing is left, and an older file of
 * that name is as it was.
 */
import { promises as files } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { CommandError } from './failure.ts'

export type Write = (text: string) => Promise<void>

/** Lets `fill` write the file, piece by piece. */
export async function writePrivateFile(
  path: string,
  fill: (write: Write) => Promise<void>,
): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  const handle = await explained(path, files.open(draft, 'wx', 0o600))
  try {
    try {
      await fill(async (text) => {
        await explained(path, handle.writeFile(text))
      })
      await explained(path, handle.sync())
    } finally {
      await handle.close()
    }
    await explained(path, files.rename(draft, path))
  } catch (error) {
    await files.rm(draft, { force: true })
    throw error
  }
}

async function explained<T>(path: string, step: Promise<T>): Promise<T> {
  try {
    return await step
  } catch (error) {
    const problem = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new CommandError(
      `${path} cannot be written (${problem}); choose another place with --out`,
      { cause: error },
    )
  }
}
