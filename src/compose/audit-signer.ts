/**
 * The Ed25519 key that signs checkpoints and exported heads, in a PEM file of mode 0600. It is made
 * when something is first signed; of processes that make it at once, one wins and all use its key. A
 * file that is there is never changed. It is read once and then kept.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto'
import { promises as files } from 'node:fs'
import { ConfigError } from '../core/errors.ts'
import type { AuditSigner } from '../core/ports/audit-signer.ts'

export function createAuditSigner(file: string): AuditSigner {
  let known: KeyObject | undefined
  let making: Promise<KeyObject> | undefined

  async function existing(): Promise<KeyObject | undefined> {
    known ??= await readPrivateKey(file)
    return known
  }

  /** One making at a time, and a new try after one that failed. */
  async function made(): Promise<KeyObject> {
    making ??= makeKey(file).finally(() => {
      making = undefined
    })
    known = await making
    return known
  }

  return Object.freeze({
    async publicKey() {
      const key = await existing()
      return key === undefined ? null : publicKeyText(key)
    },
    async sign(bytes: Uint8Array) {
      const key = (await existing()) ?? (await made())
      return {
        signature: sign(null, bytes, key).toString('base64url'),
        publicKey: publicKeyText(key),
      }
    },
  })
}

/** The public key of a PEM text, which may also be a private key. Throws ConfigError naming `source`. */
export function readPublicKey(pem: string, source: string): string {
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return publicKeyText(key)
  } catch {
    // What is wrong in detail would quote the file.
  }
  throw new ConfigError(
    `${source} is no Ed25519 key in PEM form; "openssl pkey -pubout" writes one`,
  )
}

function publicKeyText(key: KeyObject): string {
  const publicKey = key.type === 'public' ? key : createPublicKey(key)
  return publicKey.export({ type: 'spki', format: 'der' }).toString('base64url')
}

async function readPrivateKey(file: string): Promise<KeyObject | undefined> {
  const pem = await readIfThere(file)
  if (pem === undefined) return undefined
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // What is wrong in detail would quote the file.
  }
  throw new ConfigError(
    `audit.signingKeyFile: ${file} is no Ed25519 private key in PEM form; put the right file there, or move it away to have a new key made`,
  )
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await files.readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unusable(file, 'read', error)
  }
}

/** Written under another name and then linked, which fails where another process was first. */
async function makeKey(file: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519')
  const draft = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await files.open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await files.link(draft, file)
    return privateKey
  } catch (error) {
    const winner = codeOf(error) === 'EEXIST' ? await readPrivateKey(file) : undefined
    if (winner !== undefined) return winner
    throw unusable(file, 'written', error)
  } finally {
    await files.rm(draft, { force: true })
  }
}

const unusable = (file: string, how: 'read' | 'written', error: unknown): ConfigError =>
  new ConfigError(
    `audit.signingKeyFile: ${file} cannot be ${how} (${codeOf(error)}); check the folder and its mode, or set another file`,
    { cause: error },
  )

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)
