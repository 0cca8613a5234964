/**
 * Mails as files, for those who have no server yet: one `.eml` each, which any mail program opens. A
 * file is there whole or not at all, and a mail that is delivered again replaces its file, so each is
 * there once. It holds a link that works, so only this user may read it.
 */
import { randomBytes } from 'node:crypto'
import { constants, promises as fs } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Mailbox } from '../core/email-address.ts'
import { MailError, type Mailer, type OutgoingMail } from '../core/ports/mailer.ts'
import { messageOf, plainName } from './message.ts'

/** Told of each file, so that a person can be shown its link; never a log. */
export type OnFile = (file: string, linkUrl: string | null, to: string) => void

export function createFileMailer(folder: string, from: Mailbox, onFile?: OnFile): Mailer {
  const place = resolve(folder)
  return {
    async deliver(mail) {
      const message = await messageOf(mail, from)
      const file = join(place, fileNameOf(mail))
      await explained(folder, () => write(file, message))
      onFile?.(file, mail.linkUrl, mail.to)
    },
    check: () => explained(folder, () => checkWritable(place)),
    close: async () => {},
  }
}

/** `2026-11-26T13-14-46Z-leaked-7Hq2mZ9x.eml`: sorted by time, and the same at each attempt. */
function fileNameOf({ createdAtMs, name }: OutgoingMail): string {
  const time = new Date(createdAtMs).toISOString().slice(0, 19).replaceAll(':', '-')
  return `${time}Z-${plainName(name)}.eml`
}

async function write(file: string, message: Buffer): Promise<void> {
  await fs.mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const part = `${file}.${randomBytes(6).toString('hex')}.part`
  try {
    await fs.writeFile(part, message, { mode: 0o600, flag: 'wx', flush: true })
    await fs.rename(part, file)
  } catch (error) {
    await fs.rm(part, { force: true })
    throw error
  }
}

/** Nothing is created: where there is no folder yet, the nearest one above has to take it. */
async function checkWritable(path: string): Promise<void> {
  try {
    const { W_OK, X_OK } = constants
    if (!(await fs.stat(path)).isDirectory()) throw new Error(`${path} is no folder`)
    await fs.access(path, W_OK | X_OK)
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing || dirname(path) === path) throw error
    await checkWritable(dirname(path))
  }
}

async function explained(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new MailError(`cannot write mails to ${folder}: ${problem}`, {
      isFinal: false,
      cause: error,
    })
  }
}
