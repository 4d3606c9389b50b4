// Where a drawn mask and the true one differ, and how far from agreement: the heat map of "compare". Colours are Okabe and
// Ito's (2008); the two kinds of difference have patterns, too, so that colour is never the only sign.
import { type Mask, rowMajorBytes, squaredDistances } from '@maskwords/mask'

/** What a pixel is. */
export const RIGHT_OUT = 0
export const RIGHT_IN = 1
export const MISSED = 2
export const INVENTED = 3

export type Difference = {
  readonly widthPx: number
  readonly heightPx: number
  /** Row-major: one of the four above. */
  readonly kind: Uint8Array
  /** Row-major: for wrong pixels the distance in pixels to the nearest pixel that the other mask has; else 0. */
  readonly farPx: Float32Array
  readonly missedPx: number
  readonly inventedPx: number
  /** Largest of `farPx`; infinite where one of the masks is empty. */
  readonly farthestPx: number
}

/** Compares two masks of one size pixel by pixel. Throws MaskError above 2^26 pixels: shrink the masks to what is shown. */
export function differenceOf(truth: Mask, drawn: Mask): Difference {
  const { widthPx, heightPx } = truth
  const isTrue = rowMajorBytes(truth)
  const isDrawn = rowMajorBytes(drawn)
  const toDrawn = squaredDistances(drawn, { of: 'outside' }).squaredPx
  const toTrue = squaredDistances(truth, { of: 'outside' }).squaredPx
  const kind = new Uint8Array(isTrue.length)
  const farPx = new Float32Array(isTrue.length)
  let missedPx = 0
  let inventedPx = 0
  let farthestPx = 0
  for (let i = 0; i < kind.length; i++) {
    if (isTrue[i] === isDrawn[i]) {
      kind[i] = isTrue[i] === 1 ? RIGHT_IN : RIGHT_OUT
      continue
    }
    const missed = isTrue[i] === 1
    kind[i] = missed ? MISSED : INVENTED
    if (missed) missedPx++
    else inventedPx++
    const far = Math.sqrt(missed ? toDrawn[i]! : toTrue[i]!)
    farPx[i] = far
    if (far > farthestPx) farthestPx = far
  }
  return { widthPx, heightPx, kind, farPx, missedPx, inventedPx, farthestPx }
}

/** Vermilion: what the words leave out. Sky blue's darker neighbour: what they add. */
export const MISSED_RGB = [213, 94, 0] as const
export const INVENTED_RGB = [0, 114, 178] as const
const KEPT_RGB = [128, 128, 128] as const
const KEPT_ALPHA = 90

/** A difference this far away, as a share of the picture's diagonal, has the full colour: 2.5 times boundary F's tolerance. */
export const FULL_SHARE = 0.02
/** A wrong pixel beside the outline is still seen. */
const LEAST_ALPHA = 80
/** Period and width of the patterns, in pixels of what is shown. */
const PERIOD_PX = 7
const STRIPE_PX = 3

/**
 * RGBA to lay over the picture, row-major: missed pixels striped, invented ones dotted, stronger the farther they lie from
 * the other mask, up to `fullPx`; what both masks have is grey.
 */
export function paintDifference(difference: Difference, fullPx: number): Uint8ClampedArray<ArrayBuffer> {
  const { widthPx, heightPx, kind, farPx } = difference
  const rgba = new Uint8ClampedArray(widthPx * heightPx * 4)
  for (let y = 0, i = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, i++) {
      const what = kind[i]!
      if (what === RIGHT_OUT) continue
      const at = i * 4
      if (what === RIGHT_IN) {
        rgba[at] = KEPT_RGB[0]
        rgba[at + 1] = KEPT_RGB[1]
        rgba[at + 2] = KEPT_RGB[2]
        rgba[at + 3] = KEPT_ALPHA
        continue
      }
      const colour = what === MISSED ? MISSED_RGB : INVENTED_RGB
      const strength = LEAST_ALPHA + (255 - LEAST_ALPHA) * Math.min(1, farPx[i]! / Math.max(1, fullPx))
      const marked =
        what === MISSED
          ? (x + y) % PERIOD_PX < STRIPE_PX
          : x % PERIOD_PX < STRIPE_PX && y % PERIOD_PX < STRIPE_PX
      rgba[at] = colour[0]
      rgba[at + 1] = colour[1]
      rgba[at + 2] = colour[2]
      rgba[at + 3] = marked ? strength : strength * 0.6
    }
  }
  return rgba
}
