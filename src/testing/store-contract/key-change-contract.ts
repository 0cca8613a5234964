/** What a store promises about changes: each is one step of the version with its audit rows. */
import assert from 'node:assert/strict'
import type { AuditEvent } from '../../core/audit.ts'
import type { KeyChange, Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import {
  eventsOf,
  IMPOSSIBLE_ENTRY,
  insert,
  rejectsWith,
  START_MS,
  sampleEntry,
  sampleKey,
} from './samples.ts'

const EVENTS: Record<Exclude<KeyChange['kind'], 'rehash'>, AuditEvent> = {
  revoke: 'key.revoked',
  disable: 'key.disabled',
  enable: 'key.enabled',
}

const REVOKE: KeyChange = { kind: 'revoke', atMs: START_MS + 5 }

function change(store: Store, keyId: string, change: KeyChange) {
  const event = change.kind === 'rehash' ? undefined : EVENTS[change.kind]
  const entry = event === undefined ? null : sampleEntry(event, { keyId })
  return store.changeKey(keyId, change, entry)
}

const rotate = (store: Store, keyId: string, newId: string, graceEndsAtMs: number) =>
  store.rotateKey(keyId, sampleKey(newId, { rotatedFrom: keyId }), graceEndsAtMs, [
    sampleEntry('key.created', { keyId: newId }),
    sampleEntry('key.rotated', { keyId }),
  ])

export function keyChangeContract(tests: StoreTests): void {
  stateContract(tests)
  rehashContract(tests)
  rotationContract(tests)
}

function stateContract({ test }: StoreTests): void {
  test('disable, enable and revoke each add 1 to the version and one audit row', async (store) => {
    const key = await insert(store, 'Changed1')
    const disabled = { ...key, status: 'disabled', version: 2 }
    assert.deepEqual(await change(store, 'Changed1', { kind: 'disable' }), disabled)
    const enabled = { ...key, status: 'active', version: 3 }
    assert.deepEqual(await change(store, 'Changed1', { kind: 'enable' }), enabled)
    const revoked = { ...key, status: 'revoked', version: 4, revokedAtMs: START_MS + 5 }
    assert.deepEqual(await change(store, 'Changed1', REVOKE), revoked)
    assert.deepEqual(await store.findKey('Changed1'), revoked)
    const events = ['key.created', 'key.disabled', 'key.enabled', 'key.revoked']
    assert.deepEqual(await eventsOf(store), events)
  })

  test('a change that changes nothing leaves version and audit log alone', async (store) => {
    const key = await insert(store, 'NoChange')
    assert.deepEqual(await change(store, 'NoChange', { kind: 'enable' }), key)
    const disabled = await change(store, 'NoChange', { kind: 'disable' })
    assert.deepEqual(await change(store, 'NoChange', { kind: 'disable' }), disabled)
    const revoked = await change(store, 'NoChange', REVOKE)
    const again = await change(store, 'NoChange', { kind: 'revoke', atMs: START_MS + 99 })
    assert.deepEqual(again, revoked)
    assert.equal(revoked.version, 3)
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.disabled', 'key.revoked'])
  })

  test('a revoked key never comes back', async (store) => {
    await insert(store, 'Revoked1')
    const revoked = await change(store, 'Revoked1', REVOKE)
    await rejectsWith('conflict', change(store, 'Revoked1', { kind: 'enable' }))
    await rejectsWith('conflict', change(store, 'Revoked1', { kind: 'disable' }))
    await rejectsWith('conflict', rotate(store, 'Revoked1', 'Reborn01', START_MS))
    assert.deepEqual(await store.findKey('Revoked1'), revoked)
    assert.equal(await store.findKey('Reborn01'), undefined)
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.revoked'])
  })

  test('a change of an unknown key is not_found and is not logged', async (store) => {
    await rejectsWith('not_found', change(store, 'Unknown1', REVOKE))
    await rejectsWith('not_found', change(store, 'Unknown1', { kind: 'enable' }))
    await rejectsWith('not_found', rotate(store, 'Unknown1', 'NewKey01', START_MS))
    assert.equal(await store.findKey('NewKey01'), undefined)
    assert.deepEqual(await eventsOf(store), [])
  })

  test('a change whose audit entry is refused does not happen', async (store) => {
    const key = await insert(store, 'NoAudit2')
    await assert.rejects(store.changeKey('NoAudit2', REVOKE, IMPOSSIBLE_ENTRY))
    assert.deepEqual(await store.findKey('NoAudit2'), key)
    assert.deepEqual(await eventsOf(store), ['key.created'])
  })

  test('of many revocations at once one is a change', async (store) => {
    await insert(store, 'RaceKey2')
    const attempts = Array.from({ length: 20 }, () => change(store, 'RaceKey2', REVOKE))
    for (const record of await Promise.all(attempts)) assert.equal(record.version, 2)
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.revoked'])
  })

  test('changes asked for without waiting happen in that order', async (store) => {
    await insert(store, 'Ordered1')
    const kinds = ['disable', 'enable', 'disable', 'enable', 'disable'] as const
    const records = await Promise.all(kinds.map((kind) => change(store, 'Ordered1', { kind })))
    assert.deepEqual(
      records.map(({ version }) => version),
      [2, 3, 4, 5, 6],
    )
    assert.equal((await store.findKey('Ordered1'))?.status, 'disabled')
  })
}

function rehashContract({ test }: StoreTests): void {
  test('a rehash replaces only the hash it started from, without an audit row', async (store) => {
    const key = await insert(store, 'Rehash01', { secretHash: 'old' })
    const renewed = await change(store, 'Rehash01', { kind: 'rehash', from: 'old', to: 'new' })
    assert.deepEqual(renewed, { ...key, secretHash: 'new', version: 2 })
    const late = await change(store, 'Rehash01', { kind: 'rehash', from: 'old', to: 'other' })
    assert.deepEqual(late, renewed)
    const same = await change(store, 'Rehash01', { kind: 'rehash', from: 'new', to: 'new' })
    assert.deepEqual(same, renewed)
    assert.deepEqual(await eventsOf(store), ['key.created'])
  })

  test('a rehash leaves a revoked key alone', async (store) => {
    await insert(store, 'Rehash02', { secretHash: 'old' })
    const revoked = await change(store, 'Rehash02', REVOKE)
    const record = await change(store, 'Rehash02', { kind: 'rehash', from: 'old', to: 'new' })
    assert.deepEqual(record, revoked)
  })
}

function rotationContract({ test }: StoreTests): void {
  test('rotation ends the old key and adds the new one, as one change', async (store) => {
    const key = await insert(store, 'Rotated1')
    const { old, replacement } = await rotate(store, 'Rotated1', 'Replace1', START_MS + 1000)
    assert.deepEqual(old, { ...key, expiresAtMs: START_MS + 1000, version: 2 })
    assert.equal(replacement.rotatedFrom, 'Rotated1')
    assert.deepEqual(await store.findKey('Rotated1'), old)
    assert.deepEqual(await store.findKey('Replace1'), replacement)
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.created', 'key.rotated'])
  })

  test('a key is rotated once, and a second rotation names its successor', async (store) => {
    await insert(store, 'Rotated5')
    const { old } = await rotate(store, 'Rotated5', 'Replace5', START_MS + 1000)
    const second = rotate(store, 'Rotated5', 'Replace6', START_MS + 9000)
    await assert.rejects(second, {
      code: 'conflict',
      message:
        'key Rotated5 was rotated to Replace5; its text was shown then. If it is lost, rotate Replace5',
    })
    assert.deepEqual(await store.findKey('Rotated5'), old)
    assert.equal(await store.findKey('Replace6'), undefined)
    assert.equal((await rotate(store, 'Replace5', 'Replace6', START_MS)).old.keyId, 'Replace5')
  })

  test('of many rotations at once one makes a key', async (store) => {
    await insert(store, 'Rotated6')
    const attempts = Array.from({ length: 10 }, (_, index) =>
      rotate(store, 'Rotated6', `Replace${index}`, START_MS + 1000),
    )
    const results = await Promise.allSettled(attempts)
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await store.listKeys({ pageSize: 20 })).length, 2)
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.created', 'key.rotated'])
  })

  test('rotation never lets the old key live longer', async (store) => {
    await insert(store, 'Rotated2', { expiresAtMs: START_MS + 10 })
    const { old } = await rotate(store, 'Rotated2', 'Replace2', START_MS + 1000)
    assert.equal(old.expiresAtMs, START_MS + 10)
  })

  test('rotation to a key_id that is taken is a conflict and changes nothing', async (store) => {
    const key = await insert(store, 'Rotated3')
    const other = await insert(store, 'Replace3')
    await rejectsWith('conflict', rotate(store, 'Rotated3', 'Replace3', START_MS))
    await rejectsWith('conflict', rotate(store, 'Rotated3', 'Rotated3', START_MS))
    assert.deepEqual(await store.findKey('Rotated3'), key)
    assert.deepEqual(await store.findKey('Replace3'), other)
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.created'])
  })

  test('a disabled key cannot be rotated into an active one', async (store) => {
    await insert(store, 'Rotated4')
    await change(store, 'Rotated4', { kind: 'disable' })
    await rejectsWith('conflict', rotate(store, 'Rotated4', 'Replace4', START_MS))
    assert.equal(await store.findKey('Replace4'), undefined)
  })
}
