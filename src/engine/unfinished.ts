/** A member of the Gate that is about to come. */
import type { Gate } from './gate.ts'

export const UNFINISHED: Pick<Gate, 'activityOf'> = {
  activityOf() {
    throw new Error('this gate does not do that yet')
  },
}
