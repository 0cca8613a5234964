/** `lockgate doctor`: looks for what is broken or unsafe; exit code 1 where something is broken. */
import type { Command } from 'commander'
import { ConfigError } from '../../core/errors.ts'
import type { Settings } from '../../core/settings.ts'
import { redact } from '../../telemetry/redact.ts'
import { databaseFindings } from '../doctor/database-checks.ts'
import {
  configFileFinding,
  databaseModeFindings,
  signingKeyFinding,
} from '../doctor/file-checks.ts'
import { type Finding, fail as failed, ok } from '../doctor/finding.ts'
import { settingsFindings } from '../doctor/settings-checks.ts'
import { spendFindings } from '../doctor/spend-checks.ts'
import { upstreamFindings } from '../doctor/upstream-check.ts'
import { CONFIG_OPTION, type ConfigOption, loadFor } from '../open.ts'
import { printable, say, sayJson, styled } from '../output.ts'

const LEAST_NODE: readonly [major: number, minor: number] = [22, 18]
const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const

export function addDoctor(program: Command, fail: () => void): void {
  program
    .command('doctor')
    .description('look for what is broken or unsafe; exit code 1 when something is broken')
    .option('--json', 'print one JSON array')
    .option(...CONFIG_OPTION)
    .action(async (options: ConfigOption & { readonly json?: true }) => {
      const findings = [nodeFinding(), ...(await configuredFindings(options))]
      if (findings.some(({ status }) => status === 'fail')) fail()
      if (options.json === true) return sayJson(findings)
      for (const finding of findings) await say(lineOf(finding))
    })
}

async function configuredFindings(options: ConfigOption): Promise<Finding[]> {
  try {
    const { settings, configPath } = await loadFor(options)
    return [
      configFileFinding(configPath, settings),
      ...settingsFindings(settings),
      ...spendFindings(settings, Date.now()),
      ...databaseModeFindings(settings),
      await signingKeyFinding(settings),
      ...(await databaseFindings(settings)),
      ...(await redisFindingsOf(settings)),
      ...(await upstreamFindings(settings.gateway)),
      ...(await mailFindingsOf(settings)),
    ]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n').map((line) => failed('config_file', redact(line)))
  }
}

async function redisFindingsOf({ redis }: Settings): Promise<Finding[]> {
  if (redis === null) return []
  const { redisFindings } = await import('../doctor/redis-checks.ts')
  return redisFindings(redis)
}

async function mailFindingsOf(settings: Settings): Promise<Finding[]> {
  const { mailFinding, publicUrlFinding } = await import('../doctor/mail-checks.ts')
  return [await mailFinding(settings.mail), publicUrlFinding(settings)]
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [leastMajor, leastMinor] = LEAST_NODE
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor)
  const detail = `Node ${process.versions.node}`
  if (enough) return ok('node', detail)
  return failed('node', `${detail} is too old; install ${LEAST_NODE.join('.')} or newer`)
}

const lineOf = ({ check, status, detail }: Finding): string =>
  `${styled(COLOURS[status], status.padEnd(4))}  ${check.padEnd(17)}  ${printable(detail)}`
