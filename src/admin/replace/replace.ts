/**
 * `/replace/{token}`: what the link in a mail leads to. Its token is all the proof there is, so no key
 * is asked for.
 *
 * GET changes nothing, however often: mail scanners open links. POST does one thing, by the field
 * `action`, and only for a form of our own page; of two at once one wins and the other is 410. The
 * answer to POST is the page itself and no redirect: the key is in no URL, and coming back to the link
 * finds it closed.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { LockgateError } from '../../core/errors.ts'
import type { Actor, LinkDesk, LinkView } from '../../engine/gate.ts'
import type { Refusal } from '../../http/admission.ts'
import type { AdminAnswer, AdminRequest, AdminRoute, RefusedRequest } from '../routes.ts'
import { prefersJson } from './accept.ts'
import { pageOfLink } from './action-pages.ts'
import { ACTIONS, REPLACE_PATH } from './contract.ts'
import { donePage, keptPage, mailSentPage } from './outcome-pages.ts'
import { type Page, pageAnswer } from './page.ts'
import { pageRefusal } from './page-refusal.ts'
import { maskAddress } from './parts.ts'
import { isSameOrigin } from './same-origin.ts'

export interface ReplaceOptions {
  readonly links: LinkDesk
  /** The base of the links, from the configuration. */
  readonly publicUrl: string
}

export function replaceRoutes({ links, publicUrl }: ReplaceOptions): readonly AdminRoute[] {
  const { origin, host } = new URL(publicUrl)
  const answer = (page: Page): AdminAnswer => pageAnswer(page, host)
  const common = {
    path: REPLACE_PATH,
    access: 'public',
    refuse: (refusal: Refusal, request: RefusedRequest) => pageRefusal(refusal, request, host),
  } as const
  return [
    {
      ...common,
      method: 'GET',
      handle: async ({ params, headers }) =>
        answer(pageFor(await links.look(tokenOf(params)), headers)),
    },
    {
      ...common,
      method: 'POST',
      body: 'form',
      async handle(request) {
        if (!isSameOrigin(request.headers, origin)) throw new LockgateError('csrf')
        return answer(await act(links, request))
      },
    },
  ]
}

async function act(links: LinkDesk, request: AdminRequest): Promise<Page> {
  const token = tokenOf(request.params)
  const action = actionOf(request.body)
  const { address, requestId } = request
  const actor: Actor = { requestId, ...(address === undefined ? {} : { address }) }
  try {
    if (action === 'replace') return donePage(await links.replace(token, actor))
    if (action === 'keep') return keptPage(await links.keep(token, actor))
  } catch (error) {
    // The page was open when its time ran out: there is a way on.
    if (!(error instanceof LockgateError) || error.code !== 'link_expired') throw error
    return pageFor(await links.look(token), request.headers)
  }
  const view = await links.look(token)
  // Nothing to renew: the link works.
  if (view.state === 'open') return pageOfLink(view)
  await links.renew(token, actor)
  return mailSentPage(maskAddress(view.key.owner.email))
}

/** Programs get the code for a link whose time is over, people the way on. */
function pageFor(view: LinkView, headers: IncomingHttpHeaders): Page {
  if (view.state === 'expired' && prefersJson(headers.accept)) {
    throw new LockgateError('link_expired')
  }
  return pageOfLink(view)
}

function actionOf(body: unknown): (typeof ACTIONS)[number] {
  const asked = typeof body === 'object' && body !== null && 'action' in body ? body.action : ''
  const action = ACTIONS.find((known) => known === asked)
  if (action !== undefined) return action
  throw new LockgateError('invalid_field', `action must be one of ${ACTIONS.join(', ')}`)
}

/** The route has it. */
const tokenOf = (params: AdminRequest['params']): string => params['token'] ?? ''
