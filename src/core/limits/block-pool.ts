/**
 * Storage for admission rings: blocks of numbers cut from a few large typed arrays.
 *
 * A typed array of its own costs some 200 bytes beside its content, which for a client with 60
 * requests is almost as much as the requests. Blocks come in fixed sizes, each about 1.5 times the
 * one before; a page holds blocks of one size. A freed block serves the next ring of that size; a
 * page whose blocks are all free is dropped, so rings that grow side by side do not leave their
 * smaller blocks behind. A block above the largest size is a typed array of its own.
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

/** A page and which of its blocks are free. */
interface PageUse {
  readonly page: Page
  readonly freeStarts: number[]
  /** Where the next block that was never used starts. */
  next: number
  /** Blocks that are held. */
  held: number
}

/** Blocks of one size. */
interface SizeClass {
  readonly size: number
  readonly uses: Map<Page, PageUse>
  /** Those with a free block. */
  readonly open: Set<PageUse>
}

/** Blocks of one element type. */
export class BlockPool {
  readonly #makePage: (length: number) => Page
  readonly #classes: readonly SizeClass[]

  constructor(makePage: (length: number) => Page) {
    this.#makePage = makePage
    this.#classes = BLOCK_SIZES.map((size) => ({ size, uses: new Map(), open: new Set() }))
  }

  /** Pages that are kept, blocks above the largest size not counted. */
  get pageCount(): number {
    return this.#classes.reduce((count, { uses }) => count + uses.size, 0)
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
    const use = this.#openPage(sizeClass)
    const freeStart = use.freeStarts.pop()
    holder.page = use.page
    holder.blockStart = freeStart ?? use.next
    holder.blockSize = sizeClass.size
    if (freeStart === undefined) use.next += sizeClass.size
    use.held += 1
    const isFull = use.freeStarts.length === 0 && use.next + sizeClass.size > use.page.length
    if (isFull) sizeClass.open.delete(use)
  }

  /** Takes the holder's block back; the holder is left without one. */
  release(holder: BlockHolder): void {
    const sizeClass = this.#classes.find((candidate) => candidate.size === holder.blockSize)
    const use = sizeClass?.uses.get(holder.page)
    if (sizeClass !== undefined && use !== undefined) {
      use.freeStarts.push(holder.blockStart)
      use.held -= 1
      sizeClass.open.add(use)
      if (use.held === 0) {
        sizeClass.uses.delete(use.page)
        sizeClass.open.delete(use)
      }
    }
    holder.page = NO_PAGE
    holder.blockStart = 0
    holder.blockSize = 0
  }

  #openPage(sizeClass: SizeClass): PageUse {
    for (const use of sizeClass.open) return use
    const use = { page: this.#makePage(PAGE_LENGTH), freeStarts: [], next: 0, held: 0 }
    sizeClass.uses.set(use.page, use)
    sizeClass.open.add(use)
    return use
  }
}
