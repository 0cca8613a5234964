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
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
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

/** Programs that a task starts; each is in the Debian package of the same name. */
const SYSTEM_PROGRAMS = { test: ['curl'], soak: ['curl'], demo: ['curl'], bench: ['wrk'] }

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

function installSystemPrograms(programs) {
  const isMissing = (name) =>
    spawnSync(name, ['--version'], { stdio: 'ignore' }).error !== undefined
  const missing = programs.filter(isMissing)
  if (missing.length === 0) return
  const list = missing.join(' ')
  const apt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).error === undefined
  if (!apt || process.getuid?.() !== 0) fail(`Install these programs first: ${list}`)
  process.stderr.write(`Installing Debian packages: ${list} ...\n`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  runQuietly('apt-get', ['update', '-qq'], env)
  runQuietly('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], env)
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
