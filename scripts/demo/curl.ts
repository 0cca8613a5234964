/** One request by a real curl in a process of its own, as a person would send it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Answer, type Ask, parseBody } from '../../src/cli/demo/answer.ts'

const run = promisify(execFile)

export const curl: Ask = async (url, key, body) => {
  const credential = key === undefined ? [] : ['-H', `Authorization: Bearer ${key}`]
  const json = ['-H', 'Content-Type: application/json']
  const post = body === undefined ? [] : [...json, '-d', JSON.stringify(body)]
  const { stdout } = await run('curl', ['-sS', '-i', '-m', '10', ...credential, ...post, url])
  return parseAnswer(stdout)
}

function parseAnswer(answer: string): Answer {
  const end = answer.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = answer.slice(0, end).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const status = Number(statusLine.split(' ')[1])
  return { status, headers: new Map(headers), body: parseBody(answer.slice(end + 4)) }
}
