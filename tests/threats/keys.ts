/** Keys that fit their checksum and open nothing. */
import { encodeUint32 } from '../../src/core/key/base62.ts'
import { CRC32_START, createCrc32, finishCrc32 } from '../../src/core/key/crc32.ts'
import { createKeyFormat } from '../../src/core/key/format.ts'

const format = createKeyFormat('sk')

/** A key of `keyId` with a secret that nobody was given. */
export function withAnotherSecret(keyId: string): string {
  const { key, keyId: otherId } = format.generate('live')
  const body = key.replace(otherId, keyId).slice(0, -6)
  const crc32 = createCrc32()
  return body + encodeUint32(finishCrc32(crc32(body, 0, body.length, CRC32_START)))
}
