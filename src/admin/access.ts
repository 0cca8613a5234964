/**
 * Who may ask: the key is checked and charged by the gate as it is everywhere, so an admin's key has
 * its limits and a guesser is slowed down here, too. Fails closed: without a gate nothing but what is
 * public is answered.
 */
import type { Allowed, Denied, Identity } from '../core/decision.ts'
import { LockgateError } from '../core/errors.ts'
import type { Gate } from '../engine/gate.ts'
import type { RawRequest, Refusal } from '../http/admission.ts'
import { createAdmission } from '../http/admit.ts'
import { createClientAddress } from '../http/client-address.ts'
import { readCredential } from '../http/credential.ts'
import type { AdminRoute, ArrivingRequest } from './routes.ts'

/** What the API itself answers with, whatever clients of the gateway are shown. */
export const ADMIN_HTTP = Object.freeze({ errors: 'lockgate', realm: 'admin' } as const)

export interface Admitted {
  readonly address: string | undefined
  readonly caller: Identity | undefined
  /** Where it was charged: the id of that, what must be settled, and RateLimit headers. */
  readonly charged?: {
    readonly requestId: string
    readonly allowed: Allowed
    readonly headers: Refusal['headers']
  }
}

/** Resolves with what was admitted, or with the refusal. Rejects with a LockgateError, or for a bug. */
export type CheckAccess = (
  route: AdminRoute,
  request: RawRequest,
  arriving: ArrivingRequest,
  requestId: string,
) => Promise<Admitted | Denied | Refusal>

export function createAccess(gate: Gate | undefined): CheckAccess {
  if (gate === undefined) return checkWithoutGate
  const addressOf = createClientAddress(gate.http)
  const admitClient = createAdmission(gate)
  const admitCaller = createAdmission({ ...gate, http: { ...gate.http, ...ADMIN_HTTP } })

  /** A question that makes no sense is answered to those who have a key; others hear about that. */
  async function checkClient(
    { scopeOf }: ClientRoute,
    request: RawRequest,
    arriving: ArrivingRequest,
    address: string | undefined,
  ): Promise<Admitted | Refusal> {
    const asked = read(() => scopeOf(arriving))
    const admission = await admitClient(request, { scope: asked.value })
    if (!admission.admitted) return admission.refusal
    const { identity, allowed, requestId } = admission
    if (asked.error === undefined) return { address, caller: identity, charged: admission }
    if (allowed.mustSettle) gate?.settle(allowed, requestId)
    throw asked.error
  }

  return async function checkAccess(route, request, arriving, requestId) {
    const address = addressOf(request.remoteAddress, request.rawHeaders)?.group
    if (route.access === 'public') {
      const over = route.isUncounted === true ? undefined : gate.countRefused(address, requestId)
      const refused = await over
      if (refused !== undefined) return refused
      refuseKeyInUrl(request)
      return { address, caller: undefined }
    }
    if (route.access === 'client') return checkClient(route, request, arriving, address)
    const scope = route.access === 'self' ? SELF : 'admin'
    const admission = await admitCaller(request, { scope })
    if (!admission.admitted) return admission.refusal
    const { identity, requestId: chargedAs } = admission
    gate.audit.signedIn({ keyId: identity.keyId, address, requestId: chargedAs })
    return { address, caller: identity, charged: admission }
  }
}

type ClientRoute = Extract<AdminRoute, { readonly access: 'client' }>

function read<T>(make: () => T): { readonly value?: T; readonly error?: unknown } {
  try {
    return { value: make() }
  } catch (error) {
    return { error }
  }
}

const SELF: readonly string[] = Object.freeze(['self', 'admin'])

const checkWithoutGate: CheckAccess = async (route, request) => {
  if (route.access !== 'public') throw new LockgateError('auth_unavailable')
  refuseKeyInUrl(request)
  return { address: undefined, caller: undefined }
}

/** Nobody needs a key here, but whoever puts one into a URL should know. */
function refuseKeyInUrl({ target, rawHeaders }: RawRequest): void {
  const credential = readCredential(target, rawHeaders)
  if (credential.kind === 'fault' && credential.code === 'key_in_url') {
    throw new LockgateError('key_in_url')
  }
}
