/** The check of `lockgate doctor` that connects to the upstreams, and sends nothing. */
import { connect } from 'node:net'
import type { GatewaySettings } from '../../core/settings.ts'
import { caution, type Finding, fail, ok } from './finding.ts'

const TIMEOUT_MS = 2_000

export async function upstreamFindings({ upstream, routes }: GatewaySettings): Promise<Finding[]> {
  const urls = new Set([upstream, ...routes.map((route) => route.upstream)])
  urls.delete(undefined)
  if (urls.size === 0) return [caution('upstream', 'none configured; serve then needs --upstream')]
  return Promise.all([...urls].map((url) => upstreamFinding(url ?? '')))
}

async function upstreamFinding(url: string): Promise<Finding> {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const problem = await connectionProblem(host, Number(port || (protocol === 'https:' ? 443 : 80)))
  if (problem === undefined) return ok('upstream', `${url} accepts connections`)
  return fail('upstream', `${url} cannot be reached (${problem}); start it, or correct upstream`)
}

function connectionProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (problem: string | undefined) => {
      socket.destroy()
      resolve(problem)
    }
    socket.setTimeout(TIMEOUT_MS, () => end(`no answer within ${TIMEOUT_MS} ms`))
    socket.on('connect', () => end(undefined))
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}
