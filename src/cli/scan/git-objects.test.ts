import fc from 'fast-check'
import { expect, test } from 'vitest'
import { objectPieces } from './git-objects.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const ID = 'a'.repeat(40)
const object = fc.record({
  type: fc.constantFrom('blob', 'commit', 'tag', 'tree'),
  path: fc.constantFrom('', 'a', 'a b/c\tü', `${ID} blob 3 x`),
  content: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
})

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('objects come out as they went in, however the output is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(object), fc.integer({ min: 1, max: 100 }), async (objects, size) => {
      const output = objects.flatMap(({ type, path, content }) => [
        Buffer.from(`${ID} ${type} ${content.length} ${path}\n`),
        content,
        Buffer.from(`\n${'b'.repeat(40)} missing\n`),
      ])
      const read: { type: string; path: string; content: Buffer }[] = []
      let current: unknown
      for await (const piece of objectPieces(inPieces(Buffer.concat(output), size))) {
        const { type, path } = piece.object
        if (piece.object !== current) read.push({ type, path, content: Buffer.alloc(0) })
        current = piece.object
        const last = read.at(-1)
        if (last !== undefined) last.content = Buffer.concat([last.content, piece.bytes])
      }
      expect(read).toEqual(objects.filter(({ content }) => content.length > 0))
    }),
    { numRuns: RUNS },
  )
})
