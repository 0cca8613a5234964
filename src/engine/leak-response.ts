/** Puts together what follows a leak: the desks of reports and links, and the mail of both. */
import type { KeyFormat } from '../core/key/format.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Counters } from '../core/ports/counters.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Mailer } from '../core/ports/mailer.ts'
import type { Store } from '../core/ports/store.ts'
import type { Webhooks } from '../core/ports/webhooks.ts'
import type { LeakDesk, LinkDesk } from './gate.ts'
import type { KeyCache } from './key-cache.ts'
import { createLeakDesk } from './leaks/leak-desk.ts'
import { createLinkDesk } from './links/link-desk.ts'
import { Postman } from './post/postman.ts'
import type { Refusals } from './refusals.ts'
import type { SecretHasher } from './secrets/hasher.ts'
import type { HashingPool } from './secrets/hashing-pool.ts'
import type { SecretVerifier } from './secrets/verifier.ts'

export interface LeakResponseParts {
  readonly store: Store
  readonly counters: Counters
  readonly cache: KeyCache
  readonly refusals: Refusals
  readonly verifier: SecretVerifier
  readonly hasher: SecretHasher
  readonly pool: HashingPool
  readonly format: KeyFormat
  readonly clock: Clock
  readonly log: Logger
  readonly defaultActor: string
  readonly mailer: Mailer | null
  readonly webhooks: Webhooks | null
  /** The base of links in mails, without a slash at its end. */
  readonly publicUrl: string
  readonly operatorCopy: string | null
  /** false: mail is sent only when somebody asks for it. */
  readonly chores: boolean
}

export interface LeakResponseDesks {
  readonly leaks: LeakDesk
  readonly links: LinkDesk
  readonly postman: Postman
  /** Mail is waiting: it goes out without anybody waiting for it. */
  readonly kick: () => void
}

export function createLeakResponse(parts: LeakResponseParts): LeakResponseDesks {
  const postman = new Postman(parts)
  const kick = (): void => {
    if (parts.chores) postman.kick()
  }
  return Object.freeze({
    leaks: createLeakDesk({ ...parts, kick }),
    links: createLinkDesk({ ...parts, kick }),
    postman,
    kick,
  })
}
