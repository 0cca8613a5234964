/**
 * Lines of a stream, one after the other. Memory is bounded by the longest line that is taken: what is
 * longer comes as null, and its rest is passed over.
 */

const MOST_CHARACTERS = 1_048_576

/** Without their line breaks; the last one needs none. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  mostCharacters = MOST_CHARACTERS,
): AsyncGenerator<string | null> {
  const decoder = new TextDecoder()
  let rest = ''
  let isTooLong = false
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      yield isTooLong || line.length > mostCharacters ? null : line.replace(/\r$/, '')
      isTooLong = false
    }
    if (rest.length > mostCharacters) {
      isTooLong = true
      rest = ''
    }
  }
  if (isTooLong) yield null
  else if (rest !== '') yield rest
}
