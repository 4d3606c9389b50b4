// Masks in picture files: binary and soft masks, alpha channels, label maps (grey values or palette indices), COCO-panoptic
// colours. What a file holds is told from its samples; a guess that could be wrong is said aloud.
import {
  type Mask,
  maskFromRowMajor,
  masksFromLabelMap,
  type PngImage,
  panopticIdsFromPngImage,
  readPng,
} from '@maskwords/mask'
import { MaskwordsError } from '../error.ts'
import { DEFAULT_MAX_PIXELS, describePicture } from '../picture/describe.ts'
import { decodePicture } from '../picture/read.ts'
import type { NamedMask, ReadMasksOptions } from './named-mask.ts'
import { stemOf } from './named-mask.ts'
import type { FileKind } from './sniff.ts'

/**
 * Masks of one label map. Instance maps of cells and superpixels have 16 bits, so 65,535 at most; a photograph taken for
 * ids would be millions of masks of a pixel.
 */
export const MAX_LABELS = 65_536

/** Formats whose coding changes values: those of a mask are light or dark, those of a label map are lost. */
const SMEARED: readonly FileKind[] = ['jpeg', 'avif', 'heic']

/** Samples of a mask file: one plane of values, and an alpha plane where the file has one that says something. */
type Planes = {
  readonly widthPx: number
  readonly heightPx: number
  readonly values: Uint8Array | Uint16Array | Uint32Array
  readonly alpha: Uint8Array | Uint16Array | undefined
  /** Largest value that a sample can have. */
  readonly full: number
  readonly kind: 'grey' | 'palette' | 'colour'
  /** The picture of a palette, for ids that are its colours. */
  readonly palette?: PngImage
}

/** The masks of a picture file, named by the file, or by `value` for a label map. */
export async function masksOfPicture(
  bytes: Uint8Array,
  kind: FileKind,
  name: string,
  options: ReadMasksOptions,
): Promise<NamedMask[]> {
  const { dialect, maxPixels = DEFAULT_MAX_PIXELS } = options
  const info = await describePicture(bytes, { name, maxPixels })
  let planes: Planes
  const isSmeared = dialect !== 'label-map' && dialect !== 'panoptic' && SMEARED.includes(kind)
  if (kind === 'png') {
    planes = pngPlanes(readPng(bytes, { maxSampleBytes: info.storedWidthPx * info.storedHeightPx * 8 }))
  } else {
    // Lossy or rare formats: only light against dark is trusted. Masks are stored pixels; EXIF does not apply to them.
    const { widthPx, heightPx, rgb } = await decodePicture(bytes, info, { name, exif: 'ignore' })
    planes = rgbPlanes(rgb, widthPx, heightPx, 255)
    if (isSmeared)
      await options.note?.(`${name}: this format blurs the edge of a mask; values of at least 128 are taken`)
  }
  const label = stemOf(name)
  const file = name
  if (dialect === 'panoptic' && planes.palette !== undefined) planes = panopticPlanes(planes, planes.palette)
  const single = (bytesOfMask: Uint8Array): NamedMask[] => [
    { label, mask: maskOf(planes, bytesOfMask), file },
  ]
  if (dialect === 'alpha' || (dialect === 'auto' && planes.alpha !== undefined)) {
    if (planes.alpha === undefined) {
      throw new MaskwordsError('unsupported', 'the picture has no alpha channel that varies', {
        file,
        hint: '--mask-format png takes its light pixels',
      })
    }
    return single(atLeastHalf(planes.alpha, planes.full))
  }
  if (planes.kind === 'colour' && dialect !== 'panoptic') {
    throw new MaskwordsError('ambiguous', 'a colour picture, not a mask', {
      file,
      hint: 'if each colour is one thing (COCO panoptic, DAVIS): --mask-format panoptic; else save the mask as grey PNG',
    })
  }
  const counts = countValues(planes.values, options.maxLabels ?? MAX_LABELS, file)
  if (dialect === 'auto' && isSmeared) return single(atLeastHalf(planes.values, planes.full))
  const isBinary = counts.size === 1 || (counts.size === 2 && counts.has(0))
  if (dialect === 'png' || (dialect === 'auto' && isBinary)) {
    return single(isBinary ? nonZero(planes.values) : atLeastHalf(planes.values, planes.full))
  }
  if (dialect === 'auto' && planes.kind === 'grey' && looksSoft(counts, planes.full)) {
    await options.note?.(
      `${name}: read as one mask with soft edges (values of at least ${Math.ceil(planes.full / 2)}); a label map? --mask-format label-map`,
    )
    return single(atLeastHalf(planes.values, planes.full))
  }
  return await labelMasks(planes, counts, label, file, options)
}

async function labelMasks(
  planes: Planes,
  counts: ReadonlyMap<number, number>,
  label: string,
  file: string,
  options: ReadMasksOptions,
): Promise<NamedMask[]> {
  const present = [...counts.keys()].filter((value) => value !== 0).sort((a, b) => a - b)
  const absent = options.labels?.filter((value) => !counts.has(value)) ?? []
  if (absent.length > 0) {
    throw new MaskwordsError('not-found', `the label map has no label ${absent.join(', ')}`, {
      file,
      hint: `it has ${present.slice(0, 12).join(', ')}${present.length > 12 ? ', ...' : ''}`,
    })
  }
  const wanted = options.labels === undefined ? undefined : new Set(options.labels)
  const last = present.at(-1)
  if (wanted === undefined && last === 255 && present.length > 1 && present.at(-2) !== 254) {
    await options.note?.(
      `${file}: value 255 is a region here; where it marks unlabelled pixels, as in VOC, name the others: --labels ${present.slice(0, -1).slice(0, 12).join(',')}`,
    )
  }
  return masksFromLabelMap({ widthPx: planes.widthPx, heightPx: planes.heightPx, values: planes.values })
    .filter((item) => wanted === undefined || wanted.has(item.label))
    .map((item) => ({
      label: `${label}/${item.label}`,
      mask: item.mask,
      file,
      at: `label ${item.label}`,
      id: item.label,
    }))
}

/**
 * True where the values are those of an anti-aliased mask, not of a label map: both ends of the scale are there, they
 * are most of the picture, and there are many values between. A label map uses few values, and neighbours freely.
 */
function looksSoft(counts: ReadonlyMap<number, number>, full: number): boolean {
  const zero = counts.get(0) ?? 0
  const top = counts.get(full) ?? 0
  let total = 0
  for (const count of counts.values()) total += count
  return zero > 0 && top > 0 && top + zero >= 0.9 * total && total - zero - top < top
}

/** Pixels of each value. Throws `too-large` at once where colours are more than `maxLabels`. */
function countValues(
  values: Uint8Array | Uint16Array | Uint32Array,
  maxLabels: number,
  file: string,
): Map<number, number> {
  const counts = new Map<number, number>()
  if (values instanceof Uint32Array) {
    for (let i = 0; i < values.length; i++) {
      counts.set(values[i]!, (counts.get(values[i]!) ?? 0) + 1)
      if (counts.size <= maxLabels) continue
      throw new MaskwordsError('too-large', `more than ${maxLabels.toLocaleString('en-US')} colours`, {
        file,
        hint: 'a picture of ids has one colour a thing: this looks like a photograph',
      })
    }
    return counts
  }
  const table = new Uint32Array(values instanceof Uint16Array ? 65536 : 256)
  for (let i = 0; i < values.length; i++) table[values[i]!]!++
  for (let value = 0; value < table.length; value++) if (table[value] !== 0) counts.set(value, table[value]!)
  return counts
}

function nonZero(values: Uint8Array | Uint16Array | Uint32Array): Uint8Array {
  const out = new Uint8Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = values[i] === 0 ? 0 : 1
  return out
}

function atLeastHalf(values: Uint8Array | Uint16Array | Uint32Array, full: number): Uint8Array {
  const out = new Uint8Array(values.length)
  const half = full / 2
  for (let i = 0; i < out.length; i++) out[i] = values[i]! >= half ? 1 : 0
  return out
}

function maskOf(planes: Planes, bytes: Uint8Array): Mask {
  return maskFromRowMajor({ widthPx: planes.widthPx, heightPx: planes.heightPx, bytes })
}

function pngPlanes(image: PngImage): Planes {
  const { widthPx, heightPx, colour, bitDepth, samples } = image
  const full = 2 ** bitDepth - 1
  const common = { widthPx, heightPx, full }
  if (colour === 'palette') {
    return { ...common, values: samples, alpha: undefined, kind: 'palette', palette: image }
  }
  if (colour === 'grey') return { ...common, values: samples, alpha: undefined, kind: 'grey' }
  const channels = colour === 'grey-alpha' ? 2 : colour === 'rgb' ? 3 : 4
  const alpha = channels % 2 === 0 ? varying(plane(samples, channels, channels - 1)) : undefined
  if (colour === 'grey-alpha') return { ...common, values: plane(samples, 2, 0), alpha, kind: 'grey' }
  return { ...rgbPlanes(samples, widthPx, heightPx, full, channels), alpha }
}

/** The ids that a palette's colours are: tools that make PNG files smaller write panoptic pictures so. */
function panopticPlanes(planes: Planes, image: PngImage): Planes {
  const { values } = panopticIdsFromPngImage(image)
  return { ...planes, values, kind: 'colour', full: 2 ** 24 - 1 }
}

/** One grey plane where red, green and blue agree everywhere; else ids as COCO panoptic writes them: R + 256 G + 65536 B. */
function rgbPlanes(
  samples: Uint8Array | Uint16Array,
  widthPx: number,
  heightPx: number,
  full: number,
  channels = 3,
): Planes {
  const red = plane(samples, channels, 0)
  const common = { widthPx, heightPx, alpha: undefined, full }
  let grey = true
  for (let i = 0, from = 0; grey && i < red.length; i++, from += channels) {
    grey = samples[from] === samples[from + 1] && samples[from] === samples[from + 2]
  }
  if (grey) return { ...common, values: red, kind: 'grey' }
  const values = new Uint32Array(red.length)
  const shift = full > 255 ? 8 : 0
  for (let i = 0, from = 0; i < values.length; i++, from += channels) {
    values[i] =
      (samples[from]! >> shift) + (samples[from + 1]! >> shift) * 256 + (samples[from + 2]! >> shift) * 65536
  }
  return { ...common, values, kind: 'colour' }
}

function plane<T extends Uint8Array | Uint16Array>(samples: T, channels: number, channel: number): T {
  const out = samples.slice(0, samples.length / channels) as T
  for (let i = 0, from = channel; i < out.length; i++, from += channels) out[i] = samples[from]!
  return out
}

function varying<T extends Uint8Array | Uint16Array>(alpha: T): T | undefined {
  for (let i = 1; i < alpha.length; i++) if (alpha[i] !== alpha[0]) return alpha
  return undefined
}
