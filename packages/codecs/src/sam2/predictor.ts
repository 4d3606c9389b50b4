// SAM 2 by itself: points, a box and a rough mask on a picture to masks (Ravi et al. 2024, arXiv 2408.00714; prompts and
// resizing as in the release's SAM2ImagePredictor).
import { concat, expand, input, type Session, type Tensor } from '@maskwords/graph'
import {
  type ImageFeatures,
  MASK_TOKENS,
  maskPrompt,
  noMaskPrompt,
  noPointToken,
  normalisedPixels,
  pointTokens,
  promptSide,
  type Sam2Config,
  sam2ImageEncoder,
  sam2MaskDecoder,
  sam2Problems,
} from '@maskwords/models'
import {
  type CodecCallOptions,
  checkPicture,
  type EncodedImage,
  type Pixels,
  type Segmentation,
  type Segmenter,
  type SegmentPrompt,
} from '../codec.ts'
import { CodecError } from '../error.ts'
import { lifetimeOf } from '../lifetime.ts'
import { type NetworkOptions, type Outputs, openParts, parametersOfParts } from '../networks.ts'
import { groupsThatFit, type RunOptions, runOf } from '../runs.ts'
import { logitsToMask } from '../samtok/raster.ts'
import type { CodecWeights } from '../weights.ts'
import { framePoints, smoothPixels, stabilityOf } from './prompt.ts'

/** What SAM 2 keeps of a picture: the three maps of its encoder, channels first. A plain value for any number of prompts. */
export type Sam2Image = EncodedImage & {
  readonly codec: 'sam2'
  readonly coarse: Float32Array
  readonly middle: Float32Array
  readonly fine: Float32Array
}

/**
 * Points and box are passed on as the release does: scaled to the frame, half a frame pixel added there; the box goes in
 * as two corner points before the others.
 */
export type Sam2Prompt = SegmentPrompt & {
  /** A rough mask as logits over the whole picture, row-major [side, side]: the `logits` of an earlier answer. */
  readonly maskLogits?: Float32Array
}

export type Sam2SegmentOptions = CodecCallOptions & {
  /** The three alternatives (whole, part, subpart) instead of the one for prompts that leave no doubt. */
  readonly multimask?: boolean
  readonly logits?: boolean
  /** Logit above which a pixel is foreground. Default 0. */
  readonly threshold?: number
  /**
   * Of one mask: where its outline depends on the threshold, take the alternative of the highest predicted IoU instead
   * (`dynamic_multimask_via_stability` of the release's predictor). Default false.
   */
  readonly stabilityFallback?: boolean
}

export type Sam2 = Segmenter<Sam2Image> & {
  readonly config: Sam2Config
  segment(image: Sam2Image, prompt: Sam2Prompt, options?: Sam2SegmentOptions): Promise<Segmentation[]>
  segmentEach(
    image: Sam2Image,
    prompts: readonly Sam2Prompt[],
    options?: Sam2SegmentOptions,
  ): Promise<Segmentation[][]>
  /** Frees the networks. Calls after it reject; calling it twice is harmless. */
  close(): Promise<void>
}

export type Sam2Options = NetworkOptions &
  RunOptions & {
    readonly config: Sam2Config
    readonly weights: CodecWeights
    /** What stands before SAM 2's own keys: nothing in SAM 2's files (the default), `model.sam2_model.` in SAMTok's. */
    readonly prefix?: string
    readonly name?: string
  }

/** Share of a mask that must not depend on the threshold, and by how much that is moved, before the single mask is taken. */
const STABLE = { share: 0.98, logit: 0.05 } as const
const HINT =
  'SAM 2 files are sam2.1_hiera_{tiny,small,base_plus,large}.pt; inside a SAMTok file the prefix is "model.sam2_model."'

type Networks = Readonly<Record<'image' | 'points' | 'masks', Outputs>>
type Sessions = Readonly<Record<keyof Networks, Session>>

/**
 * A SAM 2 from a configuration and weights.
 * Throws CodecError `out-of-range` for a configuration that cannot be built, `wrong-weights` for weights that do not fit.
 */
export async function createSam2(options: Sam2Options): Promise<Sam2> {
  const { config, prefix = '' } = options
  const problems = sam2Problems(config)
  if (problems.length > 0)
    throw new CodecError('out-of-range', `this SAM 2 cannot be built: ${problems.join('; ')}`)
  const parts = { networks: sam2Graphs(config, prefix), what: 'this SAM 2', hint: HINT }
  return predictorOver(options, (await openParts(options, parts)).sessions)
}

/** Keys and shapes of all weights that a SAM 2 reads. */
export function sam2Parameters(config: Sam2Config, prefix: string): Map<string, readonly number[]> {
  return parametersOfParts({ networks: sam2Graphs(config, prefix) })
}

function sam2Graphs(config: Sam2Config, prefix: string): Networks {
  const { imagePx, width } = config
  const side = promptSide(config)
  const pixels = input('pixels', 'float32', [1, imagePx, imagePx, 3])
  const features: ImageFeatures = {
    coarse: input('coarse', 'float32', [1, width, side, side]),
    middle: input('middle', 'float32', [1, width / 4, 2 * side, 2 * side]),
    fine: input('fine', 'float32', [1, width / 8, 4 * side, 4 * side]),
  }
  const points = input('points', 'float32', ['objects', 'points', 2])
  const labels = input('labels', 'int64', ['objects', 'points'])
  const masks = input('masks', 'float32', ['objects', 4 * side, 4 * side])
  const padding = expand(noPointToken(config, prefix), ['objects', 1, width])
  const sparse = concat([pointTokens(points, labels, config, prefix), padding], 1)
  const decoded = (dense: Tensor): Outputs => {
    const { logits, iou } = sam2MaskDecoder(
      features,
      { sparse, dense },
      { config, prefix, masks: Array.from({ length: MASK_TOKENS }, (_, mask) => mask) },
    )
    return { single: logits.slice({ axis: 1, end: 1 }), three: logits.slice({ axis: 1, start: 1 }), iou }
  }
  return {
    image: { ...sam2ImageEncoder(normalisedPixels(pixels), config, prefix) },
    points: decoded(noMaskPrompt(config, prefix)),
    masks: decoded(maskPrompt(masks, config, prefix)),
  }
}

/** Prompts with the same number of points and the same kind of session share runs. */
function groups(prompts: readonly Sam2Prompt[], corners: readonly (readonly number[])[]): number[][] {
  const found = new Map<string, number[]>()
  prompts.forEach((prompt, at) => {
    const key = `${corners[at]!.length} ${prompt.maskLogits !== undefined}`
    const group = found.get(key)
    if (group === undefined) found.set(key, [at])
    else group.push(at)
  })
  return [...found.values()]
}

function predictorOver(options: Sam2Options, sessions: Sessions): Sam2 {
  const { config, name = 'sam2', maxRunBytes } = options
  const { imagePx, width } = config
  const side = 4 * promptSide(config)
  const pixels = side * side
  // Some copies of an object's cells, and of its finest map.
  const objectBytes = 10 * (pixels / 16) * width * 4 + 4 * pixels * (width / 8 + MASK_TOKENS) * 4
  const { check, close } = lifetimeOf<Sam2Image>({
    kind: 'sam2',
    name,
    fits: (image) => image.coarse?.length === (width * pixels) / 16,
    other: 'a SAM 2',
    is: 'segmenter',
    sessions: Object.values(sessions),
  })

  const answersOf = (
    image: Sam2Image,
    outputs: { single: Float32Array; three: Float32Array; iou: Float32Array },
    row: number,
    call: Sam2SegmentOptions,
  ): Segmentation[] => {
    const { threshold = 0, multimask = false } = call
    const logitsOf = (mask: number): Float32Array => {
      if (mask === 0) return outputs.single.slice(row * pixels, (row + 1) * pixels)
      const from = row * (MASK_TOKENS - 1) + mask - 1
      return outputs.three.slice(from * pixels, (from + 1) * pixels)
    }
    const scoreOf = (mask: number): number => outputs.iou[row * MASK_TOKENS + mask]!
    const answer = (mask: number): Segmentation => {
      const data = logitsOf(mask)
      return {
        mask: logitsToMask(data, side, image, threshold),
        score: scoreOf(mask),
        stability: stabilityOf(data, { centre: threshold, by: 1 }),
        ...(call.logits === true ? { logits: { widthPx: side, heightPx: side, data } } : {}),
      }
    }
    if (multimask) return [1, 2, 3].map(answer)
    const doubtful =
      call.stabilityFallback === true &&
      stabilityOf(logitsOf(0), { centre: 0, by: STABLE.logit }) < STABLE.share
    if (!doubtful) return [answer(0)]
    return [answer([1, 2, 3].reduce((best, mask) => (scoreOf(mask) > scoreOf(best) ? mask : best)))]
  }

  const segmentEach = async (
    image: Sam2Image,
    prompts: readonly Sam2Prompt[],
    call: Sam2SegmentOptions = {},
  ): Promise<Segmentation[][]> => {
    check(image)
    const framed = prompts.map((prompt, at) => framePoints(prompt, image, { imagePx, at }))
    for (const [at, { maskLogits }] of prompts.entries()) {
      if (maskLogits !== undefined && maskLogits.length !== pixels) {
        throw new CodecError(
          'size-mismatch',
          `prompt ${at}: a mask prompt has ${side} x ${side} logits, got ${maskLogits.length} values`,
          { at },
        )
      }
    }
    const answers = new Array<Segmentation[]>(prompts.length)
    const three = call.multimask === true || call.stabilityFallback === true
    const fetch = ['iou', ...(call.multimask === true ? [] : ['single']), ...(three ? ['three'] : [])]
    const some = new Float32Array(0)
    for (const group of groups(
      prompts,
      framed.map((one) => one.labels),
    )) {
      const points = framed[group[0]!]!.labels.length
      const rough = prompts[group[0]!]!.maskLogits !== undefined
      for (const { start, end } of groupsThatFit(group.length, objectBytes, maxRunBytes)) {
        const rows = group.slice(start, end)
        const coordinates = new Float32Array(rows.length * points * 2)
        const labels = new BigInt64Array(rows.length * points)
        const masks = new Float32Array(rough ? rows.length * pixels : 0)
        rows.forEach((at, row) => {
          coordinates.set(framed[at]!.pointsXy, row * points * 2)
          framed[at]!.labels.forEach((label, i) => {
            labels[row * points + i] = BigInt(label)
          })
          if (rough) masks.set(prompts[at]!.maskLogits!, row * pixels)
        })
        const feeds = {
          coarse: image.coarse,
          middle: image.middle,
          fine: image.fine,
          points: { data: coordinates, shape: [rows.length, points, 2] },
          labels: { data: labels, shape: [rows.length, points] },
          ...(rough ? { masks: { data: masks, shape: [rows.length, side, side] } } : {}),
        }
        const result = await (rough ? sessions.masks : sessions.points).run(feeds, {
          fetch,
          ...runOf(call),
        })
        const output = (key: string): Float32Array => (result[key]?.data as Float32Array | undefined) ?? some
        const outputs = { single: output('single'), three: output('three'), iou: output('iou') }
        rows.forEach((at, row) => {
          answers[at] = answersOf(image, outputs, row, call)
        })
      }
    }
    return answers
  }

  return {
    name,
    config,

    async encodeImage(picture: Pixels, call: CodecCallOptions = {}): Promise<Sam2Image> {
      check()
      checkPicture(picture)
      if (picture.rgb === undefined)
        throw new CodecError('missing-input', `${name} needs the pixels of the picture`)
      const { widthPx, heightPx } = picture
      const result = await sessions.image.run({ pixels: smoothPixels(picture, imagePx) }, runOf(call))
      const map = (key: string): Float32Array => result[key]!.data as Float32Array
      const maps = { coarse: map('coarse'), middle: map('middle'), fine: map('fine') }
      return { codec: 'sam2', widthPx, heightPx, ...maps }
    },

    segment: async (image, prompt, call) => (await segmentEach(image, [prompt], call))[0]!,
    segmentEach,

    close,
  }
}
