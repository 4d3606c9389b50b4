// Masks in a PNG file: one region, or one for each value of a label map. What the file means is told from its values.
import {
  type LabelMap,
  labelMapFromPng,
  labelMapFromPngImage,
  maskFromPngImage,
  masksFromLabelMap,
  type PngImage,
  readPng,
  readPngHeader,
  type SizePx,
} from '@maskwords/mask'
import { StudioError } from './error.ts'
import { chosenGround, type Grounds } from './ground.ts'
import { MAX_REGIONS, type NamedMask } from './loaded.ts'

/** A grey picture of black and white, but for this share of pixels in between, is one mask with soft edges. */
const SOFT_SHARE = 0.06

/**
 * The masks of a PNG file and how it was read. Throws MaskError for a broken file, and StudioError: `size-mismatch`
 * unless it has the picture's size, `malformed` where nothing is marked, `too-large` for more than MAX_REGIONS values.
 */
export function masksFromPngFile(
  bytes: Uint8Array,
  options: Grounds,
): { readonly masks: readonly NamedMask[]; readonly readAs: string } {
  const image = readPng(bytes)
  const { widthPx, heightPx } = image
  // Mask pictures are drawn in viewers.
  const ground = chosenGround(options, { stated: [{ widthPx, heightPx }], convention: 'shown' })
  if (ground === undefined) {
    throw new StudioError(
      'size-mismatch',
      `the mask has ${widthPx} x ${heightPx} pixels, the picture ${options.widthPx} x ${options.heightPx}`,
      {
        hint: 'Open the picture that the mask was made for, or scale the mask (nearest neighbour) to the picture’s size.',
      },
    )
  }
  const { masks, readAs } = masksOfImage(image, options.name)
  return {
    masks: masks.map(({ mask, name }) => ({ mask: ground.shown(mask), name })),
    readAs: [readAs, ...ground.said].join('; '),
  }
}

/** A PNG of the size that is black and white, a palette, or has few grey values. */
export function looksLikeMask(bytes: Uint8Array, size: SizePx): boolean {
  try {
    const { widthPx, heightPx, colour, bitDepth } = readPngHeader(bytes)
    if (widthPx !== size.widthPx || heightPx !== size.heightPx) return false
    if (colour !== 'palette' && !(colour === 'grey' && bitDepth <= 8)) return false
    return new Set(labelMapFromPng(bytes).values).size <= 64
  } catch {
    return false
  }
}

function masksOfImage(
  image: PngImage,
  fileName: string,
): { readonly masks: readonly NamedMask[]; readonly readAs: string } {
  const name = fileName.replace(/\.png$/i, '')
  const map = asGrey(image)
  const counts = countsOf(map)
  const values = [...counts.keys()].sort((a, b) => a - b)
  const marked = values.filter((value) => value !== 0)
  if (marked.length === 0) {
    if (opacityVaries(image))
      return { masks: [{ name, mask: maskFromPngImage(image, 'alpha') }], readAs: 'one mask, by opacity' }
    throw new StudioError('malformed', 'every pixel of the PNG is black: nothing is marked', {
      hint: 'Values of a label map start at 1; 0 is the background.',
    })
  }
  if (marked.length === 1) {
    const whole = values.length === 1
    if (whole && opacityVaries(image)) {
      return { masks: [{ name, mask: maskFromPngImage(image, 'alpha') }], readAs: 'one mask, by opacity' }
    }
    return { masks: [{ name, mask: maskFromPngImage(image) }], readAs: 'one mask' }
  }
  const top = values.at(-1)!
  if (
    image.colour !== 'palette' &&
    image.bitDepth >= 8 &&
    (top === 255 || top === 65535) &&
    values.length > 3
  ) {
    const between = map.values.length - (counts.get(0) ?? 0) - counts.get(top)!
    if (between / map.values.length < SOFT_SHARE && counts.has(0)) {
      const foreground = { atLeast: (top + 1) / 2 }
      return {
        masks: [{ name, mask: maskFromPngImage(image, foreground) }],
        readAs: 'one mask with soft edges, cut at one half',
      }
    }
  }
  if (marked.length > MAX_REGIONS) {
    throw new StudioError(
      'too-large',
      `the PNG has ${marked.length.toLocaleString('en')} different values, the studio loads up to ${MAX_REGIONS} regions`,
      {
        hint: 'This looks like a photograph. A mask is black and white; a label map has one value for each region.',
      },
    )
  }
  const masks = masksFromLabelMap(map).map(({ label, mask }) => ({ name: `Label ${label}`, mask }))
  return { masks, readAs: `a label map of ${masks.length} regions` }
}

/** Labels of the file; a grey picture that is stored in colour keeps its grey values. */
function asGrey(image: PngImage): LabelMap {
  const map = labelMapFromPngImage(image)
  const { values } = map
  if (image.colour !== 'rgb' && image.colour !== 'rgba') return map
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if ((value & 255) !== ((value >> 8) & 255) || (value & 255) !== value >> 16) return map
  }
  return { ...map, values: Uint8Array.from(values, (value) => value & 255) }
}

/** How often each value occurs; counting stops being exact once there are too many for any use. */
function countsOf({ values }: LabelMap): Map<number, number> {
  const counts = new Map<number, number>()
  // Neighbours are mostly equal: a run costs one look into the map.
  for (let i = 0; i < values.length; ) {
    const value = values[i]!
    let end = i + 1
    while (end < values.length && values[end] === value) end++
    counts.set(value, (counts.get(value) ?? 0) + end - i)
    i = end
  }
  return counts
}

function opacityVaries(image: PngImage): boolean {
  const { colour, samples } = image
  if (colour !== 'rgba' && colour !== 'grey-alpha') return false
  const channels = colour === 'rgba' ? 4 : 2
  for (let i = channels - 1; i < samples.length; i += channels)
    if (samples[i] !== samples[channels - 1]) return true
  return false
}
