// Masks for property tests: from solid to noisy, from blobs to stripes, of 0 x n to about 24 x 24 pixels.
import fc from 'fast-check'
import { type Mask, maskFromRowMajor, rowMajorBytes } from '../src/index.ts'

/** A seeded stream of numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A mask of overlapping rectangles, stripes and noise, by seed. */
export function patternMask(widthPx: number, heightPx: number, seed: number): Mask {
  const random = seededRandom(seed)
  const bytes = new Uint8Array(widthPx * heightPx)
  const shapes = Math.floor(random() * 4)
  for (let s = 0; s < shapes; s++) {
    const x0 = Math.floor(random() * (widthPx + 1))
    const y0 = Math.floor(random() * (heightPx + 1))
    const x1 = random() < 0.2 ? widthPx : x0 + Math.floor(random() * (widthPx - x0 + 1))
    const y1 = random() < 0.2 ? heightPx : y0 + Math.floor(random() * (heightPx - y0 + 1))
    const value = random() < 0.7 ? 1 : 0
    for (let y = y0; y < y1; y++) bytes.fill(value, y * widthPx + x0, y * widthPx + x1)
  }
  const noise = random() < 0.5 ? 0 : random() ** 2
  for (let i = 0; i < bytes.length; i++) if (random() < noise) bytes[i] = 1 - bytes[i]!
  return maskFromRowMajor({ widthPx, heightPx, bytes })
}

const side = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 24 }) },
  { weight: 1, arbitrary: fc.nat(2) },
)

export const masks: fc.Arbitrary<Mask> = fc
  .tuple(side, side, fc.integer())
  .map(([widthPx, heightPx, seed]) => patternMask(widthPx, heightPx, seed))

/** Two or more masks of one size. */
export const masksOfOneSize = (count: number): fc.Arbitrary<Mask[]> =>
  fc
    .tuple(side, side, fc.array(fc.integer(), { minLength: count, maxLength: count }))
    .map(([widthPx, heightPx, seeds]) => seeds.map((seed) => patternMask(widthPx, heightPx, seed)))

/** The mask whose pixel (x, y) is what `pixel` says: the slow twin of every operation. */
export function maskByPixel(
  widthPx: number,
  heightPx: number,
  pixel: (x: number, y: number) => boolean | number | undefined,
): Mask {
  const bytes = new Uint8Array(widthPx * heightPx)
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++) bytes[y * widthPx + x] = pixel(x, y) ? 1 : 0
  return maskFromRowMajor({ widthPx, heightPx, bytes })
}

/** Reads single pixels; outside the picture is background. */
export function pixelsOf(mask: Mask): (x: number, y: number) => number {
  const bytes = rowMajorBytes(mask)
  const { widthPx, heightPx } = mask
  return (x, y) => (x < 0 || y < 0 || x >= widthPx || y >= heightPx ? 0 : bytes[y * widthPx + x]!)
}

/** A mask drawn with '#' for foreground, one string a row. */
export function drawn(...rows: string[]): Mask {
  return maskByPixel(rows[0]?.length ?? 0, rows.length, (x, y) => rows[y]![x] === '#')
}
