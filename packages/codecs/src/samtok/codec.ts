// SAMTok behind the common interface: a mask on a picture is two words, and with the picture they are the mask again.
import { input, type Session, type Value } from '@maskwords/graph'
import type { Mask, PillowVersion } from '@maskwords/mask'
import { maskEncoder, normalisedPixels, promptSide, sam2ImageEncoder, vectorDecoder } from '@maskwords/models'
import { type SamtokVocabulary, samtokVocabulary } from '@maskwords/words'
import { checkCodes, codesGiven, wordsOfRows } from '../code-rows.ts'
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
  type WordsInput,
} from '../codec.ts'
import { coverageIou } from '../coverage.ts'
import { CodecError } from '../error.ts'
import { lifetimeOf } from '../lifetime.ts'
import { type NetworkOptions, type Outputs, openParts, parametersOfParts } from '../networks.ts'
import { groupsThatFit, type RunOptions, runOf } from '../runs.ts'
import { trialsOf } from '../search-setting.ts'
import { sha256Hex } from '../sha256.ts'
import { type CodecWeights, parametersOf, type WantedWeights, weightsFingerprint } from '../weights.ts'
import { checkSamtokConfig, codebookKeys, SAMTOK_PREFIX, type SamtokConfig } from './config.ts'
import { inclusiveBox, inFrame, logitsToMask, squarePixels, writeMaskPrompt } from './raster.ts'
import { type ResidualCodebooks, residualCodes, residualVectors } from './residual.ts'
import { nearestCodeRows } from './search.ts'

/**
 * What SAMTok keeps of a picture: three feature maps, channels first. A plain value that serves any number of masks, and
 * may be stored or sent to a worker.
 */
export type SamtokImage = EncodedImage & {
  readonly codec: 'samtok'
  /** [width, side, side]. */
  readonly coarse: Float32Array
  /** [width / 4, 2 side, 2 side]. */
  readonly middle: Float32Array
  /** [width / 8, 4 side, 4 side]. */
  readonly fine: Float32Array
}

export type SamtokEncodeOptions = EncodeOptions & {
  /**
   * Boxes to prompt with instead of the masks' own, one a mask: left, top, right, bottom in pixels of the picture. The
   * release gives first and last column and row of the mask, both inclusive, which is the default.
   */
  readonly boxesXyxyPx?: readonly (readonly [number, number, number, number])[]
  /** Code rows that are decoded for each mask before the best is taken. Default: the configuration's, else 1. */
  readonly search?: number
}

export type SamtokDecodeOptions = DecodeOptions & {
  /** Logit above which a pixel is foreground. Default 0.5, as the authors decode; SAM 2 itself uses 0. */
  readonly threshold?: number
  /** A missing code adds nothing (`skip`, the default), or stands for code 0 of its level (`official`: what the release does). */
  readonly missing?: 'skip' | 'official'
}

export type SamtokCodec = MaskCodec<SamtokImage, SamtokEncodeOptions, SamtokDecodeOptions> & {
  readonly config: SamtokConfig
  readonly vocabulary: SamtokVocabulary
  readonly codebooks: ResidualCodebooks
  /**
   * What the encoded pictures of this codec depend on beside the pixels, as 64 hexadecimal digits: configuration and
   * weights of the picture encoder. The first call reads those weights once more.
   */
  fingerprint(): Promise<string>
  /** Vectors before quantisation, [masks, width]. */
  embed(image: SamtokImage, masks: readonly Mask[], options?: SamtokEncodeOptions): Promise<Float32Array>
  /** Masks of any vectors [masks, width], codes or not. */
  decodeVectors(
    image: SamtokImage,
    vectors: Float32Array,
    options?: SamtokDecodeOptions,
  ): Promise<DecodedMask[]>
}

export type SamtokOptions = NetworkOptions &
  RunOptions & {
    readonly config: SamtokConfig
    readonly weights: CodecWeights
    readonly name?: string
    /** Whose order of passes resizes pictures. Default `pillow-12.1`, with which the published weights were trained. */
    readonly pillow?: PillowVersion
  }

const DEFAULT_THRESHOLD = 0.5
const HINT =
  "SAMTok's weights are the mask_tokenizer_256x2.pth beside its models; a SAM 2 file alone lacks the mask encoder and codebooks. See `maskwords inspect`"

type Networks = Readonly<Record<'image' | 'encoder' | 'decoder', Outputs>>

/**
 * A SAMTok from a configuration and weights.
 * Throws CodecError `out-of-range` for a configuration that cannot be built, `wrong-weights` for weights that do not fit.
 */
export async function createSamTok(options: SamtokOptions): Promise<SamtokCodec> {
  const { config, precision = 'stored', weights } = options
  checkSamtokConfig(config)
  const networks = samtokGraphs(config)
  const what = `this ${config.codesPerLevel} x ${config.levels} SAMTok`
  const { sessions, tables } = await openParts(options, {
    networks,
    tables: codebookKeys(config),
    what,
    hint: HINT,
  })
  const books = [...tables.values()]
  const codebooks: ResidualCodebooks = {
    width: config.sam2.width,
    codes: config.codesPerLevel,
    levels: Array.from(
      { length: config.levels },
      (_, level) => books[config.sharedCodebook === true ? 0 : level]!,
    ),
  }
  const wanted = parametersOf(Object.values(networks.image))
  let fingerprint: Promise<string> | undefined
  return samtokOver(options, {
    fingerprint: () => {
      fingerprint ??= imageFingerprint(
        { config, precision, pillow: options.pillow },
        { weights, wanted, what, hint: HINT },
      )
      fingerprint.catch(() => {
        fingerprint = undefined
      })
      return fingerprint
    },
    codebooks,
    vocabulary: samtokVocabulary({ codesPerLevel: config.codesPerLevel, levels: config.levels }),
    sessions,
  })
}

async function imageFingerprint(
  {
    config,
    precision,
    pillow,
  }: Pick<SamtokOptions, 'config' | 'precision'> & {
    readonly pillow: PillowVersion | undefined
  },
  asked: WantedWeights,
): Promise<string> {
  // The default stands for itself: pictures that were kept before there was a choice stay known.
  const resized = pillow === undefined || pillow === 'pillow-12.1' ? '' : ` ${pillow}`
  const text = `${JSON.stringify(config.sam2)} ${precision} ${await weightsFingerprint(asked)}${resized}`
  return sha256Hex(new TextEncoder().encode(text))
}

/** Keys and shapes of all weights that a configuration reads. Throws CodecError `out-of-range` as createSamTok. */
export function samtokParameters(config: SamtokConfig): Map<string, readonly number[]> {
  checkSamtokConfig(config)
  return parametersOfParts({ networks: samtokGraphs(config), tables: codebookKeys(config) })
}

function samtokGraphs(config: SamtokConfig): Networks {
  const { sam2, prefix = SAMTOK_PREFIX } = config
  const { imagePx, width } = sam2
  const side = promptSide(sam2)
  const image = sam2ImageEncoder(
    normalisedPixels(input('pixels', 'uint8', [1, imagePx, imagePx, 3])),
    sam2,
    prefix,
  )
  const features = {
    coarse: input('coarse', 'float32', [1, width, side, side]),
    middle: input('middle', 'float32', [1, width / 4, 2 * side, 2 * side]),
    fine: input('fine', 'float32', [1, width / 8, 4 * side, 4 * side]),
  }
  const prompts = {
    coarse: features.coarse,
    masks: input('masks', 'float32', ['masks', 4 * side, 4 * side]),
    boxes: input('boxes', 'float32', ['masks', 4]),
  }
  return {
    image,
    encoder: { vectors: maskEncoder(prompts, sam2, prefix) },
    decoder: vectorDecoder(features, input('vectors', 'float32', ['masks', width]), sam2, prefix),
  }
}

/** The networks of a SAMTok by name, each with its outputs, as other runtimes may want them. Throws as createSamTok. */
export function samtokNetworks(config: SamtokConfig): Record<string, Outputs> {
  checkSamtokConfig(config)
  const { image, encoder, decoder } = samtokGraphs(config)
  return { 'image-encoder': image, 'mask-encoder': encoder, 'mask-decoder': decoder }
}

/** Bytes that one mask's activations take at their widest: some copies of its cells, and of its largest map. */
function bytesPerMask(config: SamtokConfig): { encode: number; decode: number } {
  const { width, twoWay } = config.sam2
  const cells = promptSide(config.sam2) ** 2
  const attention = 6 * cells * width * 4 + 2 * cells * twoWay.heads * 16 * 4
  return { encode: attention + 16 * cells * 16 * 4, decode: attention + 4 * 16 * cells * (width / 8) * 4 }
}

function samtokOver(
  options: SamtokOptions,
  parts: {
    fingerprint: () => Promise<string>
    codebooks: ResidualCodebooks
    vocabulary: SamtokVocabulary
    sessions: Readonly<Record<keyof Networks, Session>>
  },
): SamtokCodec {
  const { config, name = 'samtok', maxRunBytes } = options
  const { codebooks, vocabulary, sessions } = parts
  const { imagePx, width } = config.sam2
  const side = 4 * promptSide(config.sam2)
  const pixels = side * side
  const perMask = bytesPerMask(config)
  const { check, close } = lifetimeOf<SamtokImage>({
    kind: 'samtok',
    name,
    fits: (image) => image.coarse.length === (width * pixels) / 16,
    other: 'a SAMTok',
    sessions: Object.values(sessions),
  })
  const maps = (image: SamtokImage): Record<'coarse' | 'middle' | 'fine', { data: Float32Array }> => ({
    coarse: { data: image.coarse },
    middle: { data: image.middle },
    fine: { data: image.fine },
  })

  const embed = async (
    image: SamtokImage,
    masks: readonly Mask[],
    call: SamtokEncodeOptions = {},
    /** Where the masks' prompts are kept, for those who need them once more: [masks, side, side]. */
    kept?: Float32Array,
  ): Promise<Float32Array> => {
    check(image)
    masks.forEach((mask, at) => {
      checkMaskSize(image, mask, at)
    })
    const { boxesXyxyPx } = call
    if (boxesXyxyPx !== undefined && boxesXyxyPx.length !== masks.length) {
      throw new CodecError('size-mismatch', `${boxesXyxyPx.length} boxes for ${masks.length} masks`)
    }
    const boxes = Float32Array.from(
      masks.flatMap((mask, at) => inFrame(boxesXyxyPx?.[at] ?? inclusiveBox(mask, at), image, imagePx)),
    )
    const out = new Float32Array(masks.length * width)
    for (const { start: from, end: to } of groupsThatFit(masks.length, perMask.encode, maxRunBytes)) {
      const prompts = new Float32Array((to - from) * pixels)
      for (let m = from; m < to; m++) writeMaskPrompt(masks[m]!, side, prompts, (m - from) * pixels)
      kept?.set(prompts, from * pixels)
      const feeds = {
        coarse: { data: image.coarse },
        masks: { data: prompts, shape: [to - from, side, side] },
        boxes: { data: boxes.slice(from * 4, to * 4), shape: [to - from, 4] },
      }
      out.set((await sessions.encoder.run(feeds, runOf(call)))['vectors']!.data as Float32Array, from * width)
    }
    return out
  }

  /** Logits of any vectors, in groups; `each` gets one square at a time. */
  const decodeSquares = async (
    image: SamtokImage,
    vectors: Float32Array,
    call: CodecCallOptions,
    each: (square: Float32Array, iou: number, at: number) => void,
  ): Promise<void> => {
    check(image)
    const count = vectors.length / width
    if (!Number.isInteger(count))
      throw new CodecError('size-mismatch', `${vectors.length} values are not whole vectors of ${width}`)
    for (const { start: from, end: to } of groupsThatFit(count, perMask.decode, maxRunBytes)) {
      const feeds = {
        ...maps(image),
        vectors: { data: vectors.slice(from * width, to * width), shape: [to - from, width] },
      }
      const result: Record<string, Value> = await sessions.decoder.run(feeds, runOf(call))
      const logits = result['logits']!.data as Float32Array
      const iou = result['iou']!.data as Float32Array
      for (let m = 0; m < to - from; m++) each(logits.slice(m * pixels, (m + 1) * pixels), iou[m]!, from + m)
    }
  }

  const decodeVectors = async (
    image: SamtokImage,
    vectors: Float32Array,
    call: SamtokDecodeOptions = {},
  ): Promise<DecodedMask[]> => {
    const { threshold = DEFAULT_THRESHOLD } = call
    const decoded: DecodedMask[] = []
    await decodeSquares(image, vectors, call, (square, score) => {
      const mask = logitsToMask(square, side, image, threshold)
      const more = call.logits === true ? { logits: { widthPx: side, heightPx: side, data: square } } : {}
      decoded.push({ mask, score, ...more })
    })
    return decoded
  }

  /** The best of several code rows near each mask's vector, by what they decode to. Codes [masks, levels]. */
  const searchCodes = async (
    image: SamtokImage,
    masks: readonly Mask[],
    search: number,
    call: SamtokEncodeOptions,
  ): Promise<Int32Array> => {
    const prompts = new Float32Array(masks.length * pixels)
    const vectors = await embed(image, masks, call, prompts)
    const rows = masks.map((_, m) =>
      nearestCodeRows(codebooks, vectors.subarray(m * width, (m + 1) * width), search),
    )
    const owner = rows.flatMap((list, m) => list.map(() => m))
    const all = rows.flat()
    const best = masks.map(() => ({ iou: -1, at: -1 }))
    await decodeSquares(image, residualVectors(codebooks, all.flat()), call, (square, _, at) => {
      const m = owner[at]!
      const iou = coverageIou(square, prompts.subarray(m * pixels, (m + 1) * pixels), DEFAULT_THRESHOLD)
      if (iou > best[m]!.iou) best[m] = { iou, at }
    })
    return Int32Array.from(best.flatMap(({ at }) => all[at]!))
  }

  return {
    name,
    config,
    vocabulary,
    codebooks,
    fingerprint: parts.fingerprint,
    needsImage: true,

    async encodeImage(picture: Pixels | PictureSize, call: CodecCallOptions = {}): Promise<SamtokImage> {
      check()
      checkPicture(picture)
      if (!('rgb' in picture)) {
        throw new CodecError('missing-input', `${name} needs the pixels of the picture, not only its size`)
      }
      const { widthPx, heightPx } = picture
      const feeds = {
        pixels: { data: squarePixels(picture, imagePx, options.pillow), shape: [1, imagePx, imagePx, 3] },
      }
      const result = await sessions.image.run(feeds, runOf(call))
      const map = (key: string): Float32Array => result[key]!.data as Float32Array
      return {
        codec: 'samtok',
        widthPx,
        heightPx,
        coarse: map('coarse'),
        middle: map('middle'),
        fine: map('fine'),
      }
    },

    async encode(image, masks, call = {}): Promise<MaskWords[]> {
      const { levels } = config
      const trials = trialsOf(call, config)
      const codes =
        trials === 1
          ? residualCodes(codebooks, await embed(image, masks, call))
          : await searchCodes(image, masks, trials, call)
      const rows = { masks: masks.length, stride: levels, length: levels, bits: vocabulary.bitsPerMask }
      return wordsOfRows(codes, vocabulary, rows)
    },

    async decode(image, words, call = {}): Promise<DecodedMask[]> {
      const official = call.missing === 'official'
      const codes = words.flatMap((word, at) =>
        codesOf(word, vocabulary, at).map((code) => (code < 0 && official ? 0 : code)),
      )
      return decodeVectors(image, residualVectors(codebooks, codes), call)
    },

    embed,
    decodeVectors,

    close,
  }
}

/** One code a level, -1 for what is missing. */
function codesOf(words: WordsInput, vocabulary: SamtokVocabulary, at: number): number[] {
  const { levels, codesPerLevel } = vocabulary
  const wanted = `codes; this SAMTok has ${levels} levels`
  const found = codesGiven(words, vocabulary, { at, most: levels, wanted })
  const codes = Array.from({ length: levels }, (_, level) => found[level] ?? -1)
  const hint =
    'codes count within their level: <|mt_0347|> is code 91 of the second level of 256; only later codes may be missing (-1)'
  checkCodes(codes.slice(0, 1), { at, count: codesPerLevel, hint })
  checkCodes(codes.slice(1), { at, count: codesPerLevel, least: -1, hint })
  return codes
}
