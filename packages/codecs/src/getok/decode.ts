// GETok words to masks: through a segmenter prompted with box and points (arXiv 2512.10554, decoding), or coarsely.

import { emptyMask, type Mask, maskFromRings, union } from '@maskwords/mask'
import {
  checkMaskSize,
  type DecodedMask,
  type DecodeOptions,
  type EncodedImage,
  type PictureSize,
  type Pixels,
  type Segmenter,
} from '../codec.ts'
import { CodecError } from '../error.ts'
import { type CoarseField, coarseField, fieldToMask } from './coarse.ts'
import type { Grid } from './grid.ts'
import { type RegionPrompt, regionPrompt } from './offset.ts'
import type { ReadRegion } from './words.ts'

/** What GETok keeps of a picture. */
export type GetokImage = EncodedImage & {
  readonly codec: 'getok'
  /** The picture, where there was one: its colours help the coarse decoder. */
  readonly pixels?: Pixels
  /** The segmenter's own value of the picture, where there is a segmenter. */
  readonly segmenterImage?: unknown
}

/** The mask that regions say together; empty where nothing is left of them. `pause` is awaited before each. */
export async function decodeRegions(
  grid: Grid,
  image: GetokImage,
  regions: readonly ReadRegion[],
  segmenter: Segmenter | undefined,
  call: DecodeOptions,
  pause: () => Promise<void>,
): Promise<DecodedMask> {
  const parts: DecodedMask[] = []
  for (const region of regions) {
    await pause()
    if (region.polygonCells !== undefined) parts.push({ mask: fillPolygon(grid, image, region) })
    if (region.polygonCells !== undefined && region.boxCells === undefined && region.pointCells.length === 0)
      continue
    const prompt = regionPrompt(grid, region, region.offsets)
    if (prompt.boxXyxyPx === undefined && prompt.pointsXyPx.length === 0) continue
    parts.push(
      segmenter === undefined
        ? decodeCoarsely(grid, image, prompt, call)
        : await decodeBySegmenter(segmenter, image, prompt, call),
    )
  }
  if (parts.length === 0) return { mask: emptyMask(image.widthPx, image.heightPx) }
  if (parts.length === 1) return parts[0]!
  // Several objects in one text are one mask: the union. Logits of parts have frames of their own and are left out.
  return { mask: parts.map((part) => part.mask).reduce((a, b) => union(a, b)) }
}

function fillPolygon(grid: Grid, image: GetokImage, region: ReadRegion): Mask {
  const cells = region.polygonCells ?? []
  const offsets = region.polygonOffsets ?? []
  const points = regionPrompt(
    grid,
    { pointCells: cells },
    offsets.length > 0 ? { points: offsets } : undefined,
  )
  return maskFromRings({ widthPx: image.widthPx, heightPx: image.heightPx, rings: [points.pointsXyPx] })
}

function decodeCoarsely(
  grid: Grid,
  image: GetokImage,
  prompt: RegionPrompt,
  call: DecodeOptions,
): DecodedMask {
  const pixels = image.pixels === undefined ? {} : { pixels: image.pixels }
  const field = coarseField(grid, prompt, pixels)
  if (field === undefined) return { mask: emptyMask(image.widthPx, image.heightPx) }
  const mask = fieldToMask(field, image)
  return call.logits === true ? { mask, logits: wholeLogits(field, image) } : { mask }
}

/** Samples on the longer side of returned logits, the size of Segment Anything's own. */
const LOGIT_SAMPLES = 256

/** The field's log-odds on a raster over the whole picture; -10 outside its window. */
function wholeLogits(field: CoarseField, image: PictureSize): NonNullable<DecodedMask['logits']> {
  const scale = LOGIT_SAMPLES / Math.max(image.widthPx, image.heightPx)
  const width = Math.max(Math.round(image.widthPx * scale), 1)
  const height = Math.max(Math.round(image.heightPx * scale), 1)
  const data = new Float32Array(width * height).fill(-10)
  const [left, top, right, bottom] = field.windowXyxyPx
  for (let y = 0; y < height; y++) {
    const v = Math.floor(((((y + 0.5) * image.heightPx) / height - top) / (bottom - top)) * field.height)
    if (v < 0 || v >= field.height) continue
    for (let x = 0; x < width; x++) {
      const u = Math.floor(((((x + 0.5) * image.widthPx) / width - left) / (right - left)) * field.width)
      if (u >= 0 && u < field.width) data[y * width + x] = field.logits[v * field.width + u]!
    }
  }
  return { widthPx: width, heightPx: height, data }
}

/** Box and points, all positive; a single point without a box takes the alternative of the highest score. */
async function decodeBySegmenter(
  segmenter: Segmenter,
  image: GetokImage,
  prompt: RegionPrompt,
  call: DecodeOptions,
): Promise<DecodedMask> {
  if (image.segmenterImage === undefined) {
    throw new CodecError('missing-input', `the picture was encoded without segmenter ${segmenter.name}`, {
      hint: 'encode it again with this codec',
    })
  }
  const count = prompt.pointsXyPx.length / 2
  const answers = await segmenter.segment(
    image.segmenterImage,
    { ...prompt, labels: new Uint8Array(count).fill(1) },
    {
      multimask: prompt.boxXyxyPx === undefined && count < 2,
      logits: call.logits === true,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    },
  )
  let best = answers[0]
  for (const answer of answers) if ((answer.score ?? 0) > (best?.score ?? 0)) best = answer
  if (best === undefined) throw new CodecError('missing-input', `segmenter ${segmenter.name} gave no mask`)
  checkMaskSize(image, best.mask, 0)
  return {
    mask: best.mask,
    ...(best.logits === undefined ? {} : { logits: best.logits }),
    ...(best.score === undefined ? {} : { score: best.score }),
  }
}
