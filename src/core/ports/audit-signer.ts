/** The AuditSigner port: signs checkpoints and heads of the audit log, with Ed25519. */
export interface AuditSigner {
  /** The public key in use (SPKI DER, base64url); null while there is none. Makes none. */
  publicKey(): Promise<string | null>
  /**
   * Makes the key where there is none yet. Rejects with a ConfigError that names the file and the
   * next step where the key cannot be used.
   */
  sign(bytes: Uint8Array): Promise<{ readonly signature: string; readonly publicKey: string }>
}
