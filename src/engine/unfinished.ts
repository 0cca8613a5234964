/** Members of the Gate that are about to come. */
import type { Gate } from './gate.ts'

const missing = (): never => {
  throw new Error('this gate does not do that yet')
}

export const UNFINISHED: Pick<Gate, 'leaks' | 'links' | 'post' | 'activityOf'> = {
  leaks: { reportKey: missing, reportId: missing },
  links: { look: missing, replace: missing, keep: missing, renew: missing },
  post: { deliver: missing },
  activityOf: missing,
}
