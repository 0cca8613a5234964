import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { crashOnce } from './crash.ts'

const KILLS = 100

test(`${KILLS} kills at random moments lose nothing that was acknowledged`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockgate-kills-'))
  const path = join(folder, 'lockgate.db')
  let acknowledged = 0
  for (let kill = 0; kill < KILLS; kill++) {
    acknowledged += await crashOnce(path, String(kill).padStart(3, '0'))
  }
  expect(acknowledged).toBeGreaterThan(KILLS)
  rmSync(folder, { recursive: true })
})
