/**
 * The programs, the user and the data folder of a PostgreSQL server under test.
 *
 * `initdb` takes a second, so one initialised folder is kept in the cache and copied for each server.
 * Whoever misses it makes it elsewhere and renames it into place; of two at the same time the later
 * finds that it is there, and uses that.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { chown, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { CACHE } from '../../scripts/steps.ts'
import { notInstalled } from './child.ts'

const run = promisify(execFile)

export interface User {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root; its package made a user for it. */
export async function unprivilegedUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const id = async (flag: string): Promise<number> => {
    const { stdout } = await run('id', [flag, 'postgres']).catch(() => {
      throw notInstalled('postgres (and its user of that name)', 'postgresql')
    })
    return Number(stdout)
  }
  return { uid: await id('-u'), gid: await id('-g') }
}

/** From PATH, or where Debian keeps them: of its newest version. */
export function findProgram(name: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const version = (path: string) => Number.parseFloat(path.split('/')[4] ?? '')
  const debian = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => version(b) - version(a))
  const path = [...folders, ...debian].map((folder) => join(folder, name)).find(existsSync)
  if (path === undefined) throw notInstalled(name, 'postgresql')
  return path
}

export async function copyDataFolder(target: string, user: User | undefined): Promise<void> {
  const initdb = findProgram('initdb')
  const { stdout: version } = await run(initdb, ['--version'])
  const mark = createHash('sha256').update(`${version} ${user?.uid ?? process.getuid?.()}`)
  const template = join(CACHE, `postgres-${mark.digest('hex').slice(0, 12)}`)
  if (!existsSync(template)) await makeTemplate(template, initdb, user)
  await run('cp', ['-a', template, target])
}

async function makeTemplate(template: string, initdb: string, user?: User): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  // That user may be unable to enter the cache, for example below /root.
  const folder = await mkdtemp(join(tmpdir(), 'lockgate-initdb-'))
  const staging = await mkdtemp(join(CACHE, 'staging-'))
  try {
    if (user !== undefined) await chown(folder, user.uid, user.gid)
    const args = ['-U', 'postgres', '--auth=trust', '--locale=C', '--encoding=UTF8', '--no-sync']
    await run(initdb, [...args, '-D', join(folder, 'data')], { cwd: folder, ...user })
    await run('cp', ['-a', join(folder, 'data'), staging])
    await rename(join(staging, 'data'), template)
  } catch (error) {
    if (!existsSync(template)) throw error
  } finally {
    await rm(folder, { recursive: true })
    await rm(staging, { recursive: true })
  }
}
