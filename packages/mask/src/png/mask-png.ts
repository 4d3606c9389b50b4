// Masks and label maps in PNG files: which samples are foreground, which numbers are labels, and the smallest kind of file that holds them.

import { maskFromRowMajor, rowMajorBytes } from '../dense.ts'
import { MaskError } from '../error.ts'
import type { LabelMap } from '../label-map.ts'
import type { Mask } from '../mask.ts'
import type { Picture } from '../picture.ts'
import { type PngImage, pngChannels } from './format.ts'
import { type ReadPngOptions, readPng } from './read.ts'
import { writePng } from './write.ts'

/**
 * Which pixels of a PNG are foreground, in stored units (0 to 2^bits - 1):
 * - `non-zero`: any colour channel is above 0; palette colours are looked up first; alpha does not count;
 * - `alpha`: at least half opaque (tRNS transparency too); refused for files without transparency;
 * - `atLeast`: the grey value, or the largest colour channel, is at least this;
 * - `label`: the grey value is exactly this, or the COCO-panoptic id red + 256 green + 65536 blue of an 8-bit colour;
 * - `paletteIndex`: the index is exactly this; refused for files without a palette.
 */
export type PngForeground =
  | 'non-zero'
  | 'alpha'
  | { readonly atLeast: number }
  | { readonly label: number }
  | { readonly paletteIndex: number }

export type MaskFromPngOptions = ReadPngOptions & {
  /** Default `non-zero`. */
  readonly foreground?: PngForeground
}

/** Reads a PNG file as one mask. Throws MaskError as readPng does, and `unsupported` where the rule does not fit the file. */
export function maskFromPng(file: Uint8Array, options: MaskFromPngOptions = {}): Mask {
  return maskFromPngImage(readPng(file, options), options.foreground)
}

/** The same from samples that were read before. */
export function maskFromPngImage(image: PngImage, foreground: PngForeground = 'non-zero'): Mask {
  const { widthPx, heightPx, colour } = image
  const values = foregroundValues(image, foreground)
  const bytes = new Uint8Array(widthPx * heightPx)
  if (foreground === 'non-zero' || foreground === 'alpha') {
    for (let i = 0; i < bytes.length; i++) bytes[i] = values[i] === 0 ? 0 : 1
  } else if ('atLeast' in foreground) {
    const { atLeast } = foreground
    for (let i = 0; i < bytes.length; i++) bytes[i] = values[i]! >= atLeast ? 1 : 0
  } else {
    if ('paletteIndex' in foreground && colour !== 'palette') {
      throw new MaskError('unsupported', `a palette index was asked for, but the PNG is ${colour}`)
    }
    const wanted = 'label' in foreground ? foreground.label : foreground.paletteIndex
    for (let i = 0; i < bytes.length; i++) bytes[i] = values[i] === wanted ? 1 : 0
  }
  return maskFromRowMajor({ widthPx, heightPx, bytes })
}

/** One number a pixel for the rule to look at. */
function foregroundValues(
  image: PngImage,
  foreground: PngForeground,
): Uint8Array | Uint16Array | Uint32Array {
  if (foreground === 'alpha') return halfOpaque(image)
  if (typeof foreground !== 'string' && ('label' in foreground || 'paletteIndex' in foreground)) {
    return labelMapFromPngImage(image).values
  }
  const { colour, samples, paletteRgba } = image
  const channels = pngChannels(colour)
  if (colour === 'grey') return samples
  const out = new Uint16Array(samples.length / channels)
  if (colour === 'palette') {
    const brightest = Uint8Array.from({ length: paletteRgba!.length / 4 }, (_, i) =>
      Math.max(paletteRgba![4 * i]!, paletteRgba![4 * i + 1]!, paletteRgba![4 * i + 2]!),
    )
    for (let i = 0; i < out.length; i++) out[i] = brightest[samples[i]!]!
  } else if (colour === 'grey-alpha') {
    for (let i = 0; i < out.length; i++) out[i] = samples[2 * i]!
  } else {
    for (let i = 0, s = 0; i < out.length; i++, s += channels) {
      out[i] = Math.max(samples[s]!, samples[s + 1]!, samples[s + 2]!)
    }
  }
  return out
}

function halfOpaque(image: PngImage): Uint8Array {
  const { colour, samples, paletteRgba, transparentSample, bitDepth } = image
  const channels = pngChannels(colour)
  const out = new Uint8Array(samples.length / channels)
  if (colour === 'grey-alpha' || colour === 'rgba') {
    const half = 2 ** (bitDepth - 1)
    for (let i = 0, s = channels - 1; i < out.length; i++, s += channels) out[i] = samples[s]! >= half ? 1 : 0
  } else if (paletteRgba !== undefined) {
    for (let i = 0; i < out.length; i++) out[i] = paletteRgba[4 * samples[i]! + 3]! >> 7
  } else if (transparentSample !== undefined) {
    const [a, b = 0, c = 0] = transparentSample
    for (let i = 0, s = 0; i < out.length; i++, s += channels) {
      const transparent =
        samples[s] === a && (channels === 1 || (samples[s + 1] === b && samples[s + 2] === c))
      out[i] = transparent ? 0 : 1
    }
  } else {
    throw new MaskError(
      'unsupported',
      `the mask was asked for by alpha, but the ${colour} PNG has no transparency`,
      {
        hint: "use the rule 'non-zero' for black and white masks",
      },
    )
  }
  return out
}

/**
 * Reads a PNG file as a label map: grey values and palette indices as they are stored; 8-bit colours as COCO panoptic
 * ids, red + 256 green + 65536 blue. Alpha is ignored. Throws MaskError as readPng does, and `unsupported` for
 * 16-bit colours.
 */
export function labelMapFromPng(file: Uint8Array, options: ReadPngOptions = {}): LabelMap {
  return labelMapFromPngImage(readPng(file, options))
}

/** The same from samples that were read before. */
export function labelMapFromPngImage(image: PngImage): LabelMap {
  const { widthPx, heightPx, colour, samples, bitDepth } = image
  const channels = pngChannels(colour)
  if (channels === 1) return { widthPx, heightPx, values: samples }
  if (channels >= 3 && bitDepth === 16) {
    throw new MaskError('unsupported', 'a 16-bit colour PNG is no label map', {
      hint: 'label maps are grey, palette or 8-bit RGB (COCO panoptic) pictures',
    })
  }
  const values = new Uint32Array(widthPx * heightPx)
  if (channels === 2) {
    for (let i = 0; i < values.length; i++) values[i] = samples[2 * i]!
  } else {
    for (let i = 0, s = 0; i < values.length; i++, s += channels) {
      values[i] = samples[s]! | (samples[s + 1]! << 8) | (samples[s + 2]! << 16)
    }
  }
  return { widthPx, heightPx, values }
}

/**
 * COCO panoptic ids, red + 256 green + 65536 blue of each pixel's colour: palettes are looked up, as tools that make PNG files
 * smaller turn colours into them; grey values, which have no colours, are ids themselves. Throws as labelMapFromPngImage does.
 */
export function panopticIdsFromPngImage(image: PngImage): LabelMap {
  const { widthPx, heightPx, samples, paletteRgba } = image
  if (paletteRgba === undefined) return labelMapFromPngImage(image)
  const ids = Uint32Array.from(
    { length: paletteRgba.length / 4 },
    (_, i) => paletteRgba[4 * i]! | (paletteRgba[4 * i + 1]! << 8) | (paletteRgba[4 * i + 2]! << 16),
  )
  return { widthPx, heightPx, values: Uint32Array.from(samples, (index) => ids[index]!) }
}

/** Writes a mask as a 1-bit grey PNG: white on black. Any viewer shows it, and a mask of a megapixel takes a few kB. */
export function maskToPng(mask: Mask): Uint8Array {
  const { widthPx, heightPx } = mask
  return writePng({ widthPx, heightPx, colour: 'grey', bitDepth: 1, samples: rowMajorBytes(mask) })
}

export type LabelMapToPngOptions = {
  /**
   * `grey`: labels as grey values of 8 bits, 16 where one is above 255 (default). `palette`: as indices of the palette that
   * PASCAL VOC and DAVIS use, up to 255. `panoptic`: as COCO panoptic colours, up to 2^24 - 1.
   */
  readonly as?: 'grey' | 'palette' | 'panoptic'
}

/** Writes a label map. Throws MaskError `out-of-range` where a label is too large for the kind of file. */
export function labelMapToPng(map: LabelMap, options: LabelMapToPngOptions = {}): Uint8Array {
  const { widthPx, heightPx, values } = map
  const kind = options.as ?? 'grey'
  let largest = 0
  for (let i = 0; i < values.length; i++) if (values[i]! > largest) largest = values[i]!
  const limit = kind === 'grey' ? 65535 : kind === 'palette' ? 255 : 0xffffff
  if (largest > limit) {
    throw new MaskError('out-of-range', `label ${largest} does not fit a ${kind} label map (0 to ${limit})`, {
      hint: kind === 'panoptic' ? 'renumber the labels' : "write it as 'panoptic', or renumber the labels",
    })
  }
  const size = { widthPx, heightPx }
  if (kind === 'panoptic') {
    const samples = new Uint8Array(values.length * 3)
    for (let i = 0; i < values.length; i++) {
      samples[3 * i] = values[i]! & 255
      samples[3 * i + 1] = (values[i]! >> 8) & 255
      samples[3 * i + 2] = values[i]! >> 16
    }
    return writePng({ ...size, colour: 'rgb', bitDepth: 8, samples }, { filter: 'none' })
  }
  if (kind === 'palette') {
    const paletteRgba = vocPaletteRgba(largest + 1)
    return writePng({
      ...size,
      colour: 'palette',
      bitDepth: 8,
      samples: Uint8Array.from(values),
      paletteRgba,
    })
  }
  return largest > 255
    ? writePng(
        { ...size, colour: 'grey', bitDepth: 16, samples: Uint16Array.from(values) },
        { filter: 'none' },
      )
    : writePng({ ...size, colour: 'grey', bitDepth: 8, samples: Uint8Array.from(values) }, { filter: 'none' })
}

/**
 * The first `count` colours of the palette that PASCAL VOC and DAVIS label maps carry: bits 0, 1, 2 of the index
 * become the top bits of red, green and blue, bits 3, 4, 5 the next ones, and so on.
 */
export function vocPaletteRgba(count: number): Uint8Array {
  const out = new Uint8Array(count * 4).fill(255)
  for (let i = 0; i < count; i++) {
    out.fill(0, 4 * i, 4 * i + 3)
    for (let bit = 0; bit < 8; bit++) out[4 * i + (bit % 3)]! |= ((i >> bit) & 1) << (7 - Math.floor(bit / 3))
  }
  return out
}

/**
 * The 8-bit pixels of a PNG: grey, grey with alpha, RGB or RGBA; palettes are looked up (RGBA where an entry is not
 * opaque), transparent colours become alpha, fewer bits are scaled up, 16 bits keep their high byte. Gamma and colour profiles are not
 * applied.
 */
export function pictureFromPngImage(image: PngImage): Picture {
  const { widthPx, heightPx, colour, bitDepth, samples, paletteRgba, transparentSample } = image
  const pixels = widthPx * heightPx
  if (paletteRgba !== undefined) {
    const opaque = paletteRgba.every((value, i) => i % 4 !== 3 || value === 255)
    const channels = opaque ? 3 : 4
    const bytes = new Uint8Array(pixels * channels)
    for (let i = 0, to = 0; i < pixels; i++, to += channels) {
      const entry = 4 * samples[i]!
      for (let c = 0; c < channels; c++) bytes[to + c] = paletteRgba[entry + c]!
    }
    return { widthPx, heightPx, channels, bytes }
  }
  const stored = pngChannels(colour)
  const keyed = transparentSample !== undefined
  const channels = (keyed ? stored + 1 : stored) as 1 | 2 | 3 | 4
  if (!keyed && samples instanceof Uint8Array && bitDepth === 8) {
    return { widthPx, heightPx, channels, bytes: samples }
  }
  const scale = bitDepth < 8 ? 255 / (2 ** bitDepth - 1) : 1
  const shift = bitDepth === 16 ? 8 : 0
  const bytes = new Uint8Array(pixels * channels)
  for (let i = 0, s = 0, to = 0; i < pixels; i++, s += stored, to += channels) {
    let matches = keyed
    for (let c = 0; c < stored; c++) {
      bytes[to + c] = (samples[s + c]! >> shift) * scale
      if (keyed && samples[s + c] !== transparentSample[c]) matches = false
    }
    if (keyed) bytes[to + stored] = matches ? 0 : 255
  }
  return { widthPx, heightPx, channels, bytes }
}

/** Reads a PNG file as 8-bit pixels. Throws MaskError as readPng does. */
export function pictureFromPng(file: Uint8Array, options: ReadPngOptions = {}): Picture {
  return pictureFromPngImage(readPng(file, options))
}
