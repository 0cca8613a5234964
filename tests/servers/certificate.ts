/** A certificate of our own for a test server, made anew by `openssl` for each test file. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  /** PEM; nobody trusts it who is not told to. */
  readonly cert: string
  readonly key: string
}

/** `subject` is what it is for: `IP:127.0.0.1`, `DNS:mail.example.com`. */
export function newCertificate(subject: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'lockgate-certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const names = ['-subj', '/CN=test', '-addext', `subjectAltName=${subject}`, '-days', '2']
  try {
    execFileSync('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', cert], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } catch (error) {
    throw new Error('no certificate could be made; install the package openssl', { cause: error })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
