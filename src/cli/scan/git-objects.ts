/**
 * What `git cat-file --batch` prints, taken apart as it arrives: a line about each object, as many
 * bytes as that line says, a line break. An object of any size passes through in pieces.
 */

export interface GitObject {
  readonly id: string
  readonly type: 'blob' | 'commit' | 'tag' | 'tree'
  /** Where it was met first; '' for what has no path. */
  readonly path: string
}

export interface ObjectPiece {
  /** The same value for all pieces of an object. */
  readonly object: GitObject
  readonly bytes: Buffer
}

/** The format that is read here. */
export const OBJECT_LINE = '%(objectname) %(objecttype) %(objectsize) %(rest)'

const LINE = /^([0-9a-f]{40,64}) (blob|commit|tag|tree) (\d+) (.*)$/
const LINE_BREAK = 10
const NOTHING = Buffer.alloc(0)

export async function* objectPieces(output: AsyncIterable<Buffer>): AsyncGenerator<ObjectPiece> {
  let object: GitObject | undefined
  let bytesLeft = 0
  let unread: Buffer = NOTHING
  for await (const chunk of output) {
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk])
    for (;;) {
      if (object === undefined) {
        const end = unread.indexOf(LINE_BREAK)
        if (end === -1) break
        const line = readLine(unread.toString('utf8', 0, end))
        unread = unread.subarray(end + 1)
        if (line === undefined) continue
        object = line.object
        bytesLeft = line.bytes
      }
      const bytes = unread.subarray(0, bytesLeft)
      if (bytes.length > 0) yield { object, bytes }
      bytesLeft -= bytes.length
      unread = unread.subarray(bytes.length)
      // The line break behind the object.
      if (bytesLeft > 0 || unread.length === 0) break
      unread = unread.subarray(1)
      object = undefined
    }
  }
}

/** undefined for what is missing from the repository. */
function readLine(
  text: string,
): { readonly object: GitObject; readonly bytes: number } | undefined {
  const [, id, type, bytes, path = ''] = LINE.exec(text) ?? []
  if (id === undefined || !isType(type)) return undefined
  return { object: { id, type, path }, bytes: Number(bytes) }
}

const isType = (text: string | undefined): text is GitObject['type'] =>
  text === 'blob' || text === 'commit' || text === 'tag' || text === 'tree'
