/** One GET that cannot hang, grow or be led elsewhere. */
const DEADLINE_MS = 5_000
const MAX_BYTES = 256 * 1024

/** The text of a 200; rejects for any other answer, beyond the deadline, and for too much of it. */
export async function fetchBounded(url: string, deadlineMs = DEADLINE_MS): Promise<string> {
  const response = await fetch(url, {
    headers: { Accept: 'application/json', 'User-Agent': 'lockgate' },
    redirect: 'error',
    signal: AbortSignal.timeout(deadlineMs),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the server answered ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    // Leaving the loop cancels the body.
    if (bytes > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}
