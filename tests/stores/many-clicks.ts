/**
 * Several stores on one database: they report, claim, click and rotate at the same moment, round after
 * round, and each thing happens once.
 */
import { expect } from 'vitest'
import type { Store } from '../../src/core/ports/store.ts'
import {
  addToken,
  leakOf,
  replaceBy,
  sampleMail,
} from '../../src/testing/store-contract/leak-samples.ts'
import {
  insert,
  START_MS,
  sampleEntry,
  sampleKey,
  verifiedRows,
} from '../../src/testing/store-contract/samples.ts'

const isFulfilled = ({ status }: PromiseSettledResult<unknown>) => status === 'fulfilled'

/** Expects that one of the attempts succeeds, and that the others reject with `code`. */
async function expectOne(attempts: readonly Promise<unknown>[], code: string): Promise<void> {
  const results = await Promise.allSettled(attempts)
  expect(results.filter(isFulfilled)).toHaveLength(1)
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code })
  }
}

export async function clickAtOnce(stores: readonly Store[], rounds: number): Promise<void> {
  const [store] = stores
  if (store === undefined) throw new Error('no store')
  for (let round = 0; round < rounds; round++) {
    const [keyId, linkId, token] = [`Leaked${round}`, `link${round}`, `token${round}`]
    await insert(store, keyId)
    const reports = stores.map((each, index) =>
      each.reportLeak(keyId, leakOf(keyId, index === 0 ? linkId : `${linkId}-${index}`)),
    )
    const effects = (await Promise.all(reports)).map(({ effect }) => effect)
    expect(effects.filter((effect) => effect === 'revoked')).toHaveLength(1)
    const links = await store.listLinks({ pageSize: 1000 })
    const opened = links.find(({ link }) => link.keyId === keyId)
    await addToken(store, opened?.link.linkId ?? '', token)
    const clicks = stores.map((each, index) =>
      replaceBy(each, token, [keyId, `New${round}by${index}`]),
    )
    await expectOne(clicks, 'link_expired')
  }
  const replaced = await store.readAudit({ event: 'key.replaced', pageSize: 1000 })
  expect(replaced).toHaveLength(rounds)
  expect(await store.listKeys({ pageSize: 1000 })).toHaveLength(2 * rounds)
  await verifiedRows(store)
}

export async function claimAtOnce(stores: readonly Store[], mails: number): Promise<void> {
  const [store] = stores
  if (store === undefined) throw new Error('no store')
  const names = Array.from({ length: mails }, (_, index) => `mail${index}`)
  const added = await Promise.all(
    stores.map((each) => each.enqueueMail(names.map((name) => sampleMail(name)))),
  )
  expect(added.reduce((sum, count) => sum + count, 0)).toBe(mails)
  const claimed: string[] = []
  await Promise.all(
    stores.map(async (each) => {
      for (let empty = 0; empty < 3; ) {
        const taken = await each.claimMail({ nowMs: START_MS, leaseMs: 60_000, count: 2 })
        claimed.push(...taken.map(({ name }) => name))
        if (taken.length === 0) empty++
      }
    }),
  )
  expect(claimed.sort()).toEqual(names.sort())
}

export async function rotateAtOnce(stores: readonly Store[], rounds: number): Promise<void> {
  const [store] = stores
  if (store === undefined) throw new Error('no store')
  for (let round = 0; round < rounds; round++) {
    const keyId = `Rotated${round}`
    await insert(store, keyId)
    const rotations = stores.map((each, index) =>
      each.rotateKey(keyId, sampleKey(`R${round}by${index}`, { rotatedFrom: keyId }), START_MS, [
        sampleEntry('key.rotated', { keyId }),
      ]),
    )
    await expectOne(rotations, 'conflict')
  }
  expect(await store.listKeys({ pageSize: 1000 })).toHaveLength(2 * rounds)
}
