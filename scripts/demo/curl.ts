/** One request by a real curl in a process of its own, as a person would send it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface CurlAnswer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  /** The JSON body; an empty object where it is none. */
  readonly body: Readonly<Record<string, unknown>>
}

/** A POST of `text` where it is given, else a GET. Rejects where curl gets no answer. */
export async function curl(url: string, key?: string, text?: string): Promise<CurlAnswer> {
  const credential = key === undefined ? [] : ['-H', `Authorization: Bearer ${key}`]
  const json = ['-H', 'Content-Type: application/json']
  const post = text === undefined ? [] : [...json, '-d', JSON.stringify({ text })]
  const { stdout } = await run('curl', ['-sS', '-i', '-m', '10', ...credential, ...post, url])
  return parseAnswer(stdout)
}

function parseAnswer(answer: string): CurlAnswer {
  const end = answer.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = answer.slice(0, end).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const status = Number(statusLine.split(' ')[1])
  return { status, headers: new Map(headers), body: parseBody(answer.slice(end + 4)) }
}

function parseBody(text: string): CurlAnswer['body'] {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
