/**
 * A screenshot as a PNG of 256 colours, a third of the size: the most frequent ones stay as they are,
 * and others become the nearest of them. Takes what Chromium writes: 8-bit RGB, not interlaced.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE_BYTES = 8
const COLOURS = 256

export function toPalettePng(png: Buffer): Buffer {
  const { width, height, data } = readPng(png)
  const pixels = unfilter(data, width * 3, height)
  const counts = new Map<number, number>()
  for (let at = 0; at < pixels.length; at += 3) {
    const colour = pixels.readUIntBE(at, 3)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const frequent = [...counts].sort((a, b) => b[1] - a[1]).slice(0, COLOURS)
  const palette = frequent.map(([colour]) => colour)
  const indexOf = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour)]))
  // Each row begins with its filter: none.
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = pixels.readUIntBE((y * width + x) * 3, 3)
      rows[y * (width + 1) + 1 + x] = indexOf.get(colour) ?? 0
    }
  }
  const colours = Buffer.alloc(palette.length * 3)
  for (const [index, colour] of palette.entries()) colours.writeUIntBE(colour, index * 3, 3)
  const header = Buffer.from([...new Array<number>(8).fill(0), 8, 3, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  return Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function readPng(png: Buffer) {
  const data: Buffer[] = []
  const header = png.subarray(16, 29)
  if (header[8] !== 8 || header[9] !== 2 || header[12] !== 0) throw new Error('not 8-bit RGB')
  for (let at = SIGNATURE_BYTES; at < png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') {
      data.push(png.subarray(at + 8, at + 8 + length))
    }
    at += 12 + length
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  return { width, height, data: inflateSync(Buffer.concat(data)) }
}

/** Undoes what was predicted from the pixel before (a), above (b) and above that before (c). */
function unfilter(data: Buffer, rowBytes: number, height: number): Buffer {
  const out = Buffer.alloc(rowBytes * height)
  const byte = (y: number, x: number): number => (y < 0 || x < 0 ? 0 : (out[y * rowBytes + x] ?? 0))
  for (let y = 0; y < height; y++) {
    const filter = data[y * (rowBytes + 1)] ?? 0
    for (let x = 0; x < rowBytes; x++) {
      const [a, b, c] = [byte(y, x - 3), byte(y - 1, x), byte(y - 1, x < 3 ? -1 : x - 3)]
      const predicted = [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter] ?? 0
      out[y * rowBytes + x] = (data[y * (rowBytes + 1) + 1 + x] ?? 0) + predicted
    }
  }
  return out
}

function paeth(a: number, b: number, c: number): number {
  const [fromA, fromB, fromC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)]
  if (fromA <= fromB && fromA <= fromC) return a
  return fromB <= fromC ? b : c
}

function nearest(palette: readonly number[], colour: number): number {
  const distance = (other: number): number =>
    [16, 8, 0].reduce((sum, at) => sum + (((other >> at) & 255) - ((colour >> at) & 255)) ** 2, 0)
  const distances = palette.map(distance)
  return distances.indexOf(Math.min(...distances))
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(content.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}
