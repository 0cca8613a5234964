/**
 * Storage for admission rings: blocks of numbers cut from a few large typed arrays.
 *
 * A typed array of its own costs some 200 bytes beside its content, which for a client with 60
 * requests is almost as much as the requests. Blocks come in fixed sizes, each about 1.5 times the
 * one before; a freed block is kept for the next ring of that size, so memory follows the peak and
 * a flood of short-lived rings reuses the same pages. A block above the largest size is a typed
 * array of its own and returns to the garbage collector.
 */
export type Page = Uint32Array | Float64Array

/** Whoever holds a block: elements `blockStart` to `blockStart + blockSize` of `page` are its own. */
export interface BlockHolder {
  page: Page
  blockStart: number
  blockSize: number
}

/** What a holder without a block refers to. Has no elements, so nothing can be written to it. */
export const NO_PAGE: Page = new Uint32Array(0)

const PAGE_LENGTH = 16_384
const SMALLEST_BLOCK = 4

/** Ascending: 4, 8, 12, 18, 27, 41, 62, 93 … */
const BLOCK_SIZES: readonly number[] = blockSizes()

function blockSizes(): number[] {
  const sizes = [SMALLEST_BLOCK]
  for (let size = 2 * SMALLEST_BLOCK; size <= PAGE_LENGTH / 4; size = Math.ceil(size * 1.5)) {
    sizes.push(size)
  }
  return sizes
}

/** Blocks of one size: those given back, and the page that new ones are cut from. */
interface SizeClass {
  readonly size: number
  readonly freePages: Page[]
  readonly freeStarts: number[]
  page: Page
  /** Where the next new block of `page` starts. */
  next: number
}

/** Blocks of one element type. */
export class BlockPool {
  readonly #makePage: (length: number) => Page
  readonly #classes: readonly SizeClass[]

  constructor(makePage: (length: number) => Page) {
    this.#makePage = makePage
    this.#classes = BLOCK_SIZES.map((size) => ({
      size,
      freePages: [],
      freeStarts: [],
      page: NO_PAGE,
      next: 0,
    }))
  }

  /** Gives `holder` a block of at least `atLeast` elements with undefined content. */
  take(holder: BlockHolder, atLeast: number): void {
    const sizeClass = this.#classes.find((candidate) => candidate.size >= atLeast)
    if (sizeClass === undefined) {
      holder.page = this.#makePage(Math.ceil(atLeast * 1.25))
      holder.blockStart = 0
      holder.blockSize = holder.page.length
      return
    }
    holder.blockSize = sizeClass.size
    const freePage = sizeClass.freePages.pop()
    if (freePage !== undefined) {
      holder.page = freePage
      holder.blockStart = sizeClass.freeStarts.pop() ?? 0
      return
    }
    if (sizeClass.next + sizeClass.size > sizeClass.page.length) {
      sizeClass.page = this.#makePage(PAGE_LENGTH)
      sizeClass.next = 0
    }
    holder.page = sizeClass.page
    holder.blockStart = sizeClass.next
    sizeClass.next += sizeClass.size
  }

  /** Takes the holder's block back; the holder is left without one. */
  release(holder: BlockHolder): void {
    const sizeClass = this.#classes.find((candidate) => candidate.size === holder.blockSize)
    if (sizeClass !== undefined) {
      sizeClass.freePages.push(holder.page)
      sizeClass.freeStarts.push(holder.blockStart)
    }
    holder.page = NO_PAGE
    holder.blockStart = 0
    holder.blockSize = 0
  }
}
