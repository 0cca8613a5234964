/**
 * An SMTP server that goes by a script, for what a real one does only on its bad days: it refuses at any
 * step, falls silent, hangs up, or takes a mail and loses its answer.
 */
import { createServer, type Socket } from 'node:net'
import { freePort } from './ports.ts'

/** What is answered: `greeting` to the connection, `content` to the dot after the mail. */
export type Step = 'greeting' | 'EHLO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'content'

/** A line of answer (`{}` becomes what was received); or nothing, bytes without end, or a hang-up. */
export type Answer = string | 'silence' | 'drip' | 'hang up'

export interface ScriptedSmtp {
  readonly port: number
  /** All lines that clients sent, but for those of mails. */
  readonly commands: readonly string[]
  /** The content of mails that came as a whole. */
  readonly contents: readonly string[]
  stop(): Promise<void>
}

export interface Script extends Partial<Readonly<Record<Step, Answer>>> {
  /** Breaks the connection at the first byte of a mail. */
  readonly cutContent?: true
}

const REGULAR: Readonly<Record<Step, Answer>> = {
  greeting: '220 test ESMTP',
  EHLO: '250-test\r\n250 AUTH PLAIN',
  STARTTLS: '502 5.5.1 not here',
  AUTH: '235 2.7.0 welcome',
  MAIL: '250 2.1.0 sender',
  RCPT: '250 2.1.5 recipient',
  DATA: '354 go ahead',
  content: '250 2.0.0 queued',
}

/** On a free port, or on that of a server that has gone. */
export async function startScriptedSmtp(
  script: Script = {},
  givenPort?: number,
): Promise<ScriptedSmtp> {
  const answers = { ...REGULAR, ...script }
  const commands: string[] = []
  const contents: string[] = []
  const sockets = new Set<Socket>()

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    let isContent = false
    let pending = ''
    respond(socket, answers.greeting, '')
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      pending += chunk
      if (isContent && script.cutContent === true) {
        socket.resetAndDestroy()
        return
      }
      for (;;) {
        const end = pending.indexOf(isContent ? '\r\n.\r\n' : '\r\n')
        if (end === -1) return
        const text = pending.slice(0, end)
        pending = pending.slice(end + (isContent ? 5 : 2))
        if (isContent) {
          contents.push(text)
          respond(socket, answers.content, '')
          isContent = false
        } else {
          commands.push(text)
          isContent = /^DATA/i.test(text) && answers.DATA.startsWith('354')
          respond(socket, answerTo(text), text)
        }
      }
    })
  })

  const answerTo = (command: string): Answer => {
    const word = command.split(/[ :]/)[0]?.toUpperCase() ?? ''
    if (Object.hasOwn(answers, word)) return answers[word as Step]
    return word === 'QUIT' ? '221 bye' : '500 what?'
  }

  const port = givenPort ?? (await freePort())
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    ...{ port, commands, contents },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function respond(socket: Socket, answer: Answer, received: string): void {
  if (answer === 'silence') return
  if (answer === 'hang up') {
    socket.destroy()
  } else if (answer === 'drip') {
    const timer = setInterval(() => socket.write('2'), 20)
    socket.on('close', () => clearInterval(timer))
  } else {
    socket.write(`${answer.replaceAll('{}', received)}\r\n`)
  }
}
