// GETok behind the common interface: a mask is a box and points on a grid; it comes back through a segmenter prompted
// with them (arXiv 2512.10554, decoding), or without one through the coarse decoder of this folder.

import { emptyMask, type Mask, maskFromRings, union } from '@maskwords/mask'
import { type GetokVocabulary, getokVocabulary } from '@maskwords/words'
import {
  type CodecCallOptions,
  checkMaskSize,
  checkPicture,
  type DecodedMask,
  type DecodeOptions,
  type EncodedImage,
  type EncodeOptions,
  type MaskCodec,
  type MaskWords,
  type PictureSize,
  type Pixels,
  type Segmenter,
} from '../codec.ts'
import { CodecError } from '../error.ts'
import { type CoarseField, coarseField, fieldToMask } from './coarse.ts'
import { cornerLabel } from './corners.ts'
import { coverMask } from './cover.ts'
import { boxToCells, checkCells, DEFAULT_CELLS, type Grid, gridOf } from './grid.ts'
import { offsetLabel } from './hit.ts'
import {
  DELETE,
  type GridRegion,
  movedX,
  movedY,
  type RegionOffsets,
  type RegionPrompt,
  regionPrompt,
} from './offset.ts'
import { pauses } from './pause.ts'
import { tightBoxXyxy } from './pixel.ts'
import { chooseFromProposals, type Proposal, proposeRegions } from './proposals.ts'
import { sampleMask, squaredDepths } from './raster.ts'
import { type ReadRegion, readRegions, regionToWords } from './words.ts'

/** What GETok keeps of a picture. */
export type GetokImage = EncodedImage & {
  readonly codec: 'getok'
  /** The picture, where there was one: its colours help the coarse decoder. */
  readonly pixels?: Pixels
  /** The segmenter's own value of the picture, where there is a segmenter. */
  readonly segmenterImage?: unknown
}

export type GetokEncodeOptions = EncodeOptions & {
  /** Adds one offset word for every grid word: points beside the mask move into it or go, the box sits closer. */
  readonly refine?: boolean
  /** `cover`: medial discs, no segmenter. `scan`, `maxgain`: by the segmenter's proposals. `cover` by default. */
  readonly points?: 'cover' | 'scan' | 'maxgain'
}

export type GetokCodec = MaskCodec<GetokImage, GetokEncodeOptions, DecodeOptions> & {
  readonly vocabulary: GetokVocabulary
}

export type GetokOptions = {
  /** Cells per axis: 32 by default; the paper also measures 16 and 64. */
  cells?: number
  /** Decodes prompts; without one masks are decoded coarsely. The codec does not close it. */
  segmenter?: Segmenter
}

/** GETok with a grid of `cells` x `cells`. Throws CodecError for a grid that cannot be. */
export function getokCodec(options: GetokOptions = {}): GetokCodec {
  const { cells = DEFAULT_CELLS, segmenter } = options
  gridOf({ cells, widthPx: 1, heightPx: 1 })
  const vocabulary = getokVocabulary({ gridSize: cells })
  // Proposals of a picture serve all of its masks.
  const proposals = new WeakMap<GetokImage, Promise<Proposal[]>>()
  let closed = false

  const open = (image?: GetokImage) => {
    if (closed) throw new CodecError('wrong-owner', 'this codec is closed')
    if (image !== undefined && image.codec !== 'getok') {
      throw new CodecError('wrong-owner', `the picture was encoded by ${image.codec}, not by getok`, {
        hint: 'encode the picture with the codec that encodes its masks',
      })
    }
  }

  const proposalsOf = async (grid: Grid, image: GetokImage, signal: AbortSignal | undefined) => {
    if (segmenter === undefined || image.segmenterImage === undefined) {
      throw new CodecError(
        'missing-input',
        'choosing points by proposals needs a segmenter and the picture',
        {
          hint: "give getokCodec a segmenter and encodeImage the pixels, or choose points: 'cover'",
        },
      )
    }
    const ready = proposals.get(image)
    if (ready !== undefined) {
      try {
        return await ready
      } catch {
        // It was another caller's abort or failure: this call tries for itself.
        signal?.throwIfAborted()
      }
    }
    const call = { grid, segmenter, image: image.segmenterImage, ...(signal === undefined ? {} : { signal }) }
    const found = proposeRegions(call)
    proposals.set(image, found)
    found.catch(() => proposals.delete(image))
    return found
  }

  return {
    name: 'getok',
    vocabulary,
    needsImage: segmenter !== undefined,

    async encodeImage(picture: Pixels | PictureSize, call: CodecCallOptions = {}): Promise<GetokImage> {
      open()
      call.signal?.throwIfAborted()
      checkPicture(picture)
      const { widthPx, heightPx } = picture
      if (!('rgb' in picture)) {
        if (segmenter === undefined) return { codec: 'getok', widthPx, heightPx }
        throw new CodecError('missing-input', `segmenter ${segmenter.name} needs the pixels of the picture`)
      }
      const size = { codec: 'getok', widthPx, heightPx, pixels: picture } as const
      if (segmenter === undefined) return size
      return { ...size, segmenterImage: await segmenter.encodeImage(picture, call) }
    },

    async encode(image, masks, call = {}): Promise<MaskWords[]> {
      open(image)
      const { refine = false, points = 'cover', signal } = call
      const grid = gridOf({ widthPx: image.widthPx, heightPx: image.heightPx, cells })
      const words: MaskWords[] = []
      const pause = pauses(signal)
      for (let k = 0; k < masks.length; k++) {
        await pause()
        const mask = masks[k]!
        checkMaskSize(image, mask, k)
        const found = points === 'cover' ? undefined : await proposalsOf(grid, image, signal)
        const region = regionOfMask(grid, mask, (one) =>
          found === undefined || points === 'cover'
            ? coverMask(grid, one).cells
            : chooseFromProposals({ grid, mask: one, proposals: found, mode: points }).cells,
        )
        words.push(regionToWords(region, vocabulary, refine ? bestOffsets(grid, mask, region) : undefined))
      }
      return words
    },

    async decode(image, words, call = {}): Promise<DecodedMask[]> {
      open(image)
      const grid = gridOf({ widthPx: image.widthPx, heightPx: image.heightPx, cells })
      const decoded: DecodedMask[] = []
      const pause = pauses(call.signal)
      for (const input of words) {
        await pause()
        decoded.push(await decodeOne(grid, image, readRegions(input, vocabulary), segmenter, call, pause))
      }
      return decoded
    },

    async close() {
      closed = true
    },
  }
}

/**
 * The box and points that say a mask; `choose` picks the points' cells, which are put in row-major order. A mask
 * without foreground has neither.
 */
export function regionOfMask(
  grid: Grid,
  mask: Mask,
  choose: (mask: Mask) => readonly number[] = (one) => coverMask(grid, one).cells,
): GridRegion {
  const box = tightBoxXyxy(mask)
  if (box === undefined) return { pointCells: [] }
  return { boxCells: boxToCells(grid, box), pointCells: [...choose(mask)].sort((a, b) => a - b) }
}

/** Samples on the longer side when offsets of one mask are weighed by depth. */
const DEPTH_SAMPLES = 256

/**
 * The offsets that a perfect refinement would answer: for points the label of Algorithm 1, for corners the best of the
 * 81 pairs whatever its IoU. A point that no move brings into the mask is deleted only while other points remain.
 */
export function bestOffsets(grid: Grid, mask: Mask, region: GridRegion): RegionOffsets {
  const truth = tightBoxXyxy(mask)
  if (truth === undefined) return { points: region.pointCells.map(() => DELETE) }
  checkCells(grid, region.pointCells)
  // Depth decides only among moves of cells outside the mask, so the raster is made when one turns up.
  let depths: Float64Array | undefined
  const scale = DEPTH_SAMPLES / Math.max(mask.widthPx, mask.heightPx)
  const width = Math.max(Math.round(mask.widthPx * scale), 1)
  const height = Math.max(Math.round(mask.heightPx * scale), 1)
  const depth = (x: number, y: number) => {
    depths ??= squaredDepths(sampleMask(mask, width, height))
    const u = Math.min(Math.floor((x * width) / mask.widthPx), width - 1)
    const v = Math.min(Math.floor((y * height) / mask.heightPx), height - 1)
    return depths[v * width + u]!
  }
  const points: number[] = region.pointCells.map((cell) => offsetLabel(grid, mask, cell, depth))
  if (points.length > 0 && points.every((offset) => offset === DELETE)) {
    points[0] = towards(grid, region.pointCells[0]!, truth)
  }
  if (region.boxCells === undefined) return { points }
  const { offsets } = cornerLabel(grid, region.boxCells[0], region.boxCells[1], truth, 0)
  return { box: offsets, points }
}

/** The move that ends nearest to the middle of a box. */
function towards(grid: Grid, cell: number, box: readonly [number, number, number, number]): number {
  let best = 4
  let bestDistance = Number.POSITIVE_INFINITY
  for (let offset = 0; offset < DELETE; offset++) {
    const dx = movedX(grid, cell, offset) - (box[0] + box[2]) / 2
    const dy = movedY(grid, cell, offset) - (box[1] + box[3]) / 2
    if (dx * dx + dy * dy < bestDistance) [best, bestDistance] = [offset, dx * dx + dy * dy]
  }
  return best
}

async function decodeOne(
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
