// The picture at halved sizes, so that a large one is drawn small without flicker and without touching all its pixels.

type Level = { readonly bitmap: ImageBitmap; readonly share: number }

/** Smaller levels than this gain nothing. */
const SMALLEST_SIDE_PX = 512

export class Pyramid {
  readonly #levels: Level[]
  #closed = false

  constructor(bitmap: ImageBitmap) {
    this.#levels = [{ bitmap, share: 1 }]
  }

  /** Makes the smaller levels, one after the other; `changed` is called after each. */
  async build(changed: () => void): Promise<void> {
    for (;;) {
      const { bitmap, share } = this.#levels.at(-1)!
      if (Math.max(bitmap.width, bitmap.height) <= SMALLEST_SIDE_PX) return
      const half = await createImageBitmap(bitmap, {
        resizeWidth: Math.ceil(bitmap.width / 2),
        resizeHeight: Math.ceil(bitmap.height / 2),
        resizeQuality: 'medium',
      })
      if (this.#closed) {
        half.close()
        return
      }
      this.#levels.push({ bitmap: half, share: share / 2 })
      changed()
    }
  }

  /** The smallest level that is not magnified at this scale. */
  at(scale: number): ImageBitmap {
    let best = this.#levels[0]!
    for (const level of this.#levels) if (level.share >= scale) best = level
    return best.bitmap
  }

  /** Frees the smaller levels; the picture itself belongs to whoever opened it. */
  close(): void {
    this.#closed = true
    for (const { bitmap } of this.#levels.slice(1)) bitmap.close()
  }
}
