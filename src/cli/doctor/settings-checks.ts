/** Checks of `lockgate doctor` that only look at settings. Pure. */
import type { KeySettings, Settings } from '../../core/settings.ts'
import { trustsEveryone, unsetUpstreamHeaders } from '../serving-checks.ts'
import { caution, type Finding, fail, ok } from './finding.ts'

/** OWASP's choices of memory and passes for argon2id all come to about this product. */
const LEAST_ARGON2_WORK_KIB = 35_840
const LEAST_ARGON2_MEMORY_KIB = 7_168
const LEAST_BCRYPT_COST = 10

export function settingsFindings(settings: Settings): Finding[] {
  return [
    prefixFinding(settings.keys),
    hashFinding(settings.keys),
    addressFinding(settings),
    proxyFinding(settings),
    upstreamHeadersFinding(settings),
    tiersFinding(settings),
  ]
}

function prefixFinding({ prefix }: KeySettings): Finding {
  if (prefix !== 'sk') return ok('key_prefix', `keys begin with ${prefix}_live_`)
  return caution(
    'key_prefix',
    'keys begin with sk_live_, as those of Stripe do; set keys.prefix before you give keys away',
  )
}

function hashFinding({ hash, argon2id, bcrypt }: KeySettings): Finding {
  if (hash === 'bcrypt') {
    const detail = `bcrypt with cost ${bcrypt.cost}`
    if (bcrypt.cost >= LEAST_BCRYPT_COST) return ok('hash_parameters', detail)
    return caution(
      'hash_parameters',
      `${detail}; set keys.bcrypt.cost to ${LEAST_BCRYPT_COST} or more`,
    )
  }
  const { memoryKiB, passes, parallelism } = argon2id
  const detail = `argon2id with m=${memoryKiB}, t=${passes}, p=${parallelism}`
  const slow = memoryKiB >= LEAST_ARGON2_MEMORY_KIB && memoryKiB * passes >= LEAST_ARGON2_WORK_KIB
  if (slow) return ok('hash_parameters', detail)
  return caution('hash_parameters', `${detail} is below m=19456, t=2; leave keys.argon2id out`)
}

function addressFinding({ address }: Settings): Finding {
  if (address !== null) return ok('address_limits', 'addresses are limited')
  return caution(
    'address_limits',
    'ip is false: guessing keys and floods from one address are not limited; leave ip out',
  )
}

function proxyFinding({ http: { trustedProxies } }: Settings): Finding {
  if (trustsEveryone(trustedProxies)) {
    return fail(
      'trusted_proxies',
      'ip.trustedProxies holds every address: anyone can claim any address; list your proxies only',
    )
  }
  if (trustedProxies.length > 0) return ok('trusted_proxies', trustedProxies.join(', '))
  return ok('trusted_proxies', 'none; right unless a proxy is in front of this process')
}

function upstreamHeadersFinding({ gateway }: Settings): Finding {
  const unset = unsetUpstreamHeaders(gateway)
  if (unset.length === 0) return ok('upstream_headers', 'complete')
  return fail(
    'upstream_headers',
    `${unset.join(', ')} holds the word "undefined"; set the environment variable that it reads`,
  )
}

function tiersFinding({ tiers }: Settings): Finding {
  const open = [...tiers.values()].filter(({ limits }) => limits.length === 0)
  if (open.length === 0) return ok('tiers', [...tiers.keys()].join(', '))
  const names = open.map(({ name }) => name).join(', ')
  return caution('tiers', `${names} has no limits: one key can cost any amount; give it some`)
}
