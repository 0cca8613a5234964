#!/usr/bin/env node
/**
 * Runs one task of the project, as the first command after a clone: `node scripts/run.mjs test`.
 *
 * Plain JavaScript for Node 18 and later, because it runs before anything is installed: it installs
 * the packages when the lockfile changed, then hands over to the Node that the lockfile pins.
 * Arguments, standard streams, signals and the exit code pass through unchanged.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const BIN = join(ROOT, 'node_modules', '.bin')
const STAMP = join(ROOT, 'node_modules', '.installed')
const PINNED_NODE = join(ROOT, 'node_modules', 'node', 'bin', 'node')

/** What Node runs for each task; the caller's arguments follow. */
const TASKS = {
  test: ['scripts/test.ts'],
  check: ['scripts/check.ts'],
  build: ['scripts/build.ts'],
  format: [join('node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'check', '--write', '.'],
  soak: ['scripts/soak.ts'],
  bench: ['scripts/bench.ts'],
  demo: ['scripts/demo/main.ts'],
  replay: ['scripts/replay/main.ts'],
}

/** Programs that tasks start, and their Debian packages where those have another name. */
const SYSTEM_PROGRAMS = {
  test: ['curl', 'redis-server', 'postgres', 'chromium'],
  soak: ['curl', 'redis-server', 'postgres'],
  demo: ['curl'],
  bench: ['wrk', 'redis-server'],
}
const DEBIAN_PACKAGES = { postgres: 'postgresql', chromium: 'chromium fonts-dejavu-core' }

/** Other programs that do as well, by the one that is looked for. */
const EQUIVALENTS = { chromium: ['chromium-browser', 'google-chrome'] }

/** Debian keeps the servers of PostgreSQL out of PATH, one folder for each version. */
const POSTGRES_VERSIONS = '/usr/lib/postgresql'

/**
 * Packages start the services that they bring; tests start servers of their own and want no others.
 * systemctl starts nothing when told that systemd is offline, nor do init scripts in single-user
 * mode (runlevel 1). Unlike a policy-rc.d, which is one file for the whole machine, the environment
 * of one command does not stay behind when we are killed, and overrules no administrator.
 */
const NO_SERVICES = { SYSTEMD_OFFLINE: '1', RUNLEVEL: '1' }

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

/** Runs a quiet command; shows what it said only when it fails. */
function runQuietly(command, args, env) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (result.status === 0) return
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`)
  fail(`${command} ${args.join(' ')} failed. ${result.error?.message ?? 'See the lines above.'}`)
}

function installPackages() {
  const hash = createHash('sha256')
  for (const file of ['package.json', 'package-lock.json']) {
    hash.update(readFileSync(join(ROOT, file)))
  }
  const wanted = hash.digest('hex')
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  process.stderr.write('Installing packages (about a minute the first time) ...\n')
  // --no-save: an install must never change the lockfile it installs from.
  const args = ['install', '--no-audit', '--no-fund', '--no-save', '--loglevel=error']
  const npm = process.env.npm_execpath
  if (npm?.endsWith('npm-cli.js')) runQuietly(process.execPath, [npm, ...args])
  else runQuietly('npm', args)
  writeFileSync(STAMP, wanted)
}

function isInstalled(program) {
  const names = [program, ...(EQUIVALENTS[program] ?? [])]
  const answers = (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined
  if (names.some(answers)) return true
  if (program !== 'postgres' || !existsSync(POSTGRES_VERSIONS)) return false
  return readdirSync(POSTGRES_VERSIONS).some((version) =>
    existsSync(join(POSTGRES_VERSIONS, version, 'bin', program)),
  )
}

function installSystemPrograms(programs) {
  const missing = programs.filter((program) => !isInstalled(program))
  if (missing.length === 0) return
  const packages = missing.flatMap((program) => (DEBIAN_PACKAGES[program] ?? program).split(' '))
  const apt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).error === undefined
  if (!apt || process.getuid?.() !== 0) {
    fail(
      `Install these programs first: ${missing.join(' ')} ` +
        `(on Debian: apt-get install ${packages.join(' ')})`,
    )
  }
  process.stderr.write(`Installing Debian packages: ${packages.join(' ')} ...\n`)
  const env = { DEBIAN_FRONTEND: 'noninteractive', ...NO_SERVICES }
  runQuietly('apt-get', ['update', '-qq'], env)
  runQuietly('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], env)
}

/** The pinned Node; without it (install scripts turned off) our own, where it is new enough. */
function findNode() {
  if (existsSync(PINNED_NODE)) return PINNED_NODE
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  return fail(
    `Node ${process.versions.node} is too old and npm did not install the pinned one. ` +
      'Run its install script (npm rebuild node --ignore-scripts=false) or use Node 22.18 or later.',
  )
}

function start(node, args) {
  const child = spawn(node, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}` },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group: the child has it already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => fail(`Cannot start ${node}: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal]))
  })
}

const [task, ...args] = process.argv.slice(2)
if (task === undefined || !Object.hasOwn(TASKS, task)) {
  process.stderr.write(`Usage: node scripts/run.mjs ${Object.keys(TASKS).join('|')} [arguments]\n`)
  process.exit(2)
}
installPackages()
installSystemPrograms(SYSTEM_PROGRAMS[task] ?? [])
start(findNode(), [...TASKS[task], ...args])
