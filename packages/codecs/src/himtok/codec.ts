// HiMTok behind the common interface: a mask is a row of tokens from coarse to fine; any prefix decodes, without a picture.
import { input, type Session } from '@maskwords/graph'
import type { Mask, PillowVersion } from '@maskwords/mask'
import { titokDecoder, titokEncoder } from '@maskwords/models'
import { type HimtokVocabulary, himtokVocabulary } from '@maskwords/words'
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
import { CodecError } from '../error.ts'
import { lifetimeOf } from '../lifetime.ts'
import { type NetworkOptions, type Outputs, openParts, parametersOfParts } from '../networks.ts'
import { groupsThatFit, type RunOptions, runOf } from '../runs.ts'
import { trialsOf } from '../search-setting.ts'
import type { CodecWeights } from '../weights.ts'
import { type Codebook, makeCodebook, nearestCodes } from './codebook.ts'
import {
  type CodeScale,
  checkHimtokConfig,
  type HimtokConfig,
  type MissingToken,
  PROFILES,
} from './config.ts'
import { squareToMask, writeSquare } from './raster.ts'
import { searchCodes, searchNetwork } from './search.ts'

/** HiMTok keeps only the size of a picture. */
export type HimtokImage = EncodedImage & { readonly codec: 'himtok' }

export type HimtokEncodeOptions = EncodeOptions & {
  /** Tokens to keep, from the coarse end; all by default. */
  readonly length?: number
  /**
   * Code rows that are decoded for each mask before the best is taken. Default: the configuration's, else 1. More than 1 needs
   * a configuration that searches: the network that it takes is opened with the codec.
   */
  readonly search?: number
}

export type HimtokDecodeOptions = DecodeOptions & {
  /** Default: the profile's (`compat` raw, `clean` unit). */
  readonly codeScale?: CodeScale
  /** Default `zero`. */
  readonly missing?: MissingToken
  /** How the square map becomes the picture's size. Default: the profile's (`compat` nearest, `clean` bilinear). */
  readonly resize?: 'nearest' | 'bilinear'
  /** Probability above which a pixel is foreground. Default 0.5. */
  readonly threshold?: number
}

export type HimtokCodec = MaskCodec<HimtokImage, HimtokEncodeOptions, HimtokDecodeOptions> & {
  readonly config: HimtokConfig
  readonly vocabulary: HimtokVocabulary
  /** Code vectors before quantisation, [masks, latents, codeSize], of masks already prepared as [masks, sizePx, sizePx]. */
  latents(squares: Float32Array, options?: CodecCallOptions): Promise<Float32Array>
  /** Codes [masks, latents] of such vectors. */
  quantise(latents: Float32Array): Int32Array
  /**
   * Masks from distributions over the codebook, [latents, codebookSize] for each mask, row-major: a row's code vector is
   * the mean of all code vectors weighted by it (the published evaluation's path). One-hot rows give `decode` with raw codes.
   */
  decodeSoft(
    image: HimtokImage,
    probabilities: readonly Float32Array[],
    options?: HimtokDecodeOptions,
  ): Promise<DecodedMask[]>
  /** The mask after each number of tokens in `lengths`: coarse to fine. */
  levels(
    image: HimtokImage,
    words: WordsInput,
    lengths: readonly number[],
    options?: HimtokDecodeOptions,
  ): Promise<DecodedMask[]>
}

export type HimtokOptions = NetworkOptions &
  RunOptions & {
    readonly config: HimtokConfig
    readonly weights: CodecWeights
    readonly name?: string
    /** Whose order of passes resizes masks. Default `pillow-12.1`, with which the published weights were trained. */
    readonly pillow?: PillowVersion
  }

/** A slope keeps every activation until its layer's turn comes on the way back. */
const SLOPE_BYTES = 6
const HINT =
  'HiMTok weights are the himtok.pth of its release, or a folder that this project trained; compare with `maskwords inspect`'

type Networks = Readonly<Record<'encoder' | 'decoder', Outputs>> & { readonly search?: Outputs }

/**
 * A HiMTok from a configuration and weights.
 * Throws CodecError `out-of-range` for a configuration that cannot be built, `wrong-weights` for weights that do not fit.
 */
export async function createHiMTok(options: HimtokOptions): Promise<HimtokCodec> {
  const { config } = options
  checkHimtokConfig(config)
  const graphs = himtokGraphs(config)
  const networks: Networks = (config.search ?? 1) > 1 ? { ...graphs, search: searchNetwork(config) } : graphs
  const { sessions, tables } = await openParts(options, {
    networks,
    tables: codebookKeys(config),
    what: 'this HiMTok',
    hint: HINT,
  })
  const codebook = makeCodebook(
    tables.get('quantize.embedding.weight')!,
    tables.get('quantize.embedding_proj.weight')!,
    config.codeSize,
  )
  const vocabulary = himtokVocabulary({ codes: config.codebookSize, maxLength: config.latents })
  return himtokOver(options, { codebook, vocabulary, sessions })
}

function himtokGraphs(config: HimtokConfig): Networks {
  const { sizePx, latents, codeSize } = config
  const masks = input('masks', 'float32', ['masks', sizePx, sizePx])
  const codes = input('codes', 'float32', ['masks', latents, codeSize])
  const present = input('present', 'float32', ['masks', latents])
  return {
    encoder: { latents: titokEncoder(masks, config, PROFILES[config.profile].layout) },
    decoder: { logits: titokDecoder(codes, present, config) },
  }
}

/** The networks of a HiMTok by name, each with its outputs, as other runtimes may want them. Throws as createHiMTok. */
export function himtokNetworks(config: HimtokConfig): Record<string, Outputs> {
  checkHimtokConfig(config)
  const { encoder, decoder } = himtokGraphs(config)
  return { 'mask-encoder': encoder, 'mask-decoder': decoder }
}

function codebookKeys({ codebookSize, codeSize }: HimtokConfig): Map<string, readonly number[]> {
  return new Map([
    ['quantize.embedding.weight', [codebookSize, codeSize]],
    ['quantize.embedding_proj.weight', [codeSize, codeSize]],
  ])
}

/** Keys and shapes of all weights that a configuration reads. Throws CodecError `out-of-range` as createHiMTok. */
export function himtokParameters(config: HimtokConfig): Map<string, readonly number[]> {
  checkHimtokConfig(config)
  return parametersOfParts({ networks: himtokGraphs(config), tables: codebookKeys(config) })
}

/** Bytes of activations that one mask needs at the widest place of a network: some buffers of that size live at once. */
function bytesPerMask(config: HimtokConfig): { encode: number; decode: number } {
  const rows = 1 + (config.sizePx / config.patchPx) ** 2 + config.latents
  const transformer = (size: HimtokConfig['encoder']) =>
    4 * rows * Math.max(size.width * config.mlpRatio, rows * size.heads) * 4
  const pixels =
    config.pixelDecoder.channels * config.pixelDecoder.multipliers[0]! * config.sizePx ** 2 * 4 * 4
  return { encode: transformer(config.encoder), decode: Math.max(transformer(config.decoder), pixels) }
}

function himtokOver(
  options: HimtokOptions,
  parts: {
    codebook: Codebook
    vocabulary: HimtokVocabulary
    sessions: { readonly [Name in keyof Networks]: Session }
  },
): HimtokCodec {
  const { config, name = 'himtok', maxRunBytes } = options
  const { codebook, vocabulary, sessions } = parts
  const { sizePx, latents, codeSize, codebookSize } = config
  const profile = PROFILES[config.profile]
  const pixels = sizePx * sizePx
  const perMask = bytesPerMask(config)
  const { check, close } = lifetimeOf<HimtokImage>({
    kind: 'himtok',
    name,
    sessions: Object.values(sessions),
  })

  const latentsOf = async (squares: Float32Array, call: CodecCallOptions = {}): Promise<Float32Array> => {
    check()
    const masks = squares.length / pixels
    if (!Number.isInteger(masks)) {
      throw new CodecError(
        'size-mismatch',
        `${squares.length} values are not whole squares of ${sizePx} x ${sizePx}`,
      )
    }
    const out = new Float32Array(masks * latents * codeSize)
    for (const { start: from, end: to } of groupsThatFit(masks, perMask.encode, maxRunBytes)) {
      const data = squares.slice(from * pixels, to * pixels)
      const result = await sessions.encoder.run({ masks: { data, shape: [to - from, sizePx, sizePx] } }, call)
      out.set(result['latents']!.data as Float32Array, from * latents * codeSize)
    }
    return out
  }

  const decoderFeeds = (vectors: Float32Array, present: Float32Array, from: number, to: number) => ({
    codes: {
      data: vectors.slice(from * latents * codeSize, to * latents * codeSize),
      shape: [to - from, latents, codeSize],
    },
    present: { data: present.slice(from * latents, to * latents), shape: [to - from, latents] },
  })

  /** Logits [masks, sizePx, sizePx] of code vectors, in groups; `each` gets one square at a time. */
  const decodeVectors = async (
    vectors: Float32Array,
    present: Float32Array,
    call: HimtokDecodeOptions,
    each: (logits: Float32Array, at: number) => void,
  ): Promise<void> => {
    const masks = present.length / latents
    const run = runOf(call)
    for (const { start: from, end: to } of groupsThatFit(masks, perMask.decode, maxRunBytes)) {
      const feeds = decoderFeeds(vectors, present, from, to)
      const logits = (await sessions.decoder.run(feeds, run))['logits']!.data as Float32Array
      for (let i = from; i < to; i++) each(logits.slice((i - from) * pixels, (i - from + 1) * pixels), i)
    }
  }

  const finish = (image: HimtokImage, logits: Float32Array, call: HimtokDecodeOptions): DecodedMask => {
    const threshold = call.threshold ?? 0.5
    const mask = squareToMask(logits, sizePx, image, {
      resize: call.resize ?? profile.resize,
      logitThreshold: Math.log(threshold / (1 - threshold)),
    })
    return call.logits === true
      ? { mask, logits: { widthPx: sizePx, heightPx: sizePx, data: logits } }
      : { mask }
  }

  /** Code vectors [masks, latents, codeSize] of rows of codes, and which of them are there. */
  const vectorsOf = (
    rows: readonly ArrayLike<number>[],
    call: Pick<HimtokDecodeOptions, 'codeScale' | 'missing'>,
  ): { vectors: Float32Array; present: Float32Array } => {
    const book = (call.codeScale ?? profile.codeScale) === 'raw' ? codebook.raw : codebook.unit
    const vectors = new Float32Array(rows.length * latents * codeSize)
    const present = new Float32Array(rows.length * latents).fill(call.missing === 'bias' ? 1 : 0)
    rows.forEach((codes, m) => {
      for (let k = 0; k < codes.length; k++) {
        const code = codes[k]!
        present[m * latents + k] = 1
        vectors.set(book.subarray(code * codeSize, (code + 1) * codeSize), (m * latents + k) * codeSize)
      }
    })
    return { vectors, present }
  }

  const decodeCodes = async (
    image: HimtokImage,
    rows: readonly (readonly number[])[],
    call: HimtokDecodeOptions,
  ): Promise<DecodedMask[]> => {
    const { vectors, present } = vectorsOf(rows, call)
    const masks: DecodedMask[] = []
    await decodeVectors(vectors, present, call, (logits) => masks.push(finish(image, logits, call)))
    return masks
  }

  /** Codes [masks, latents] of squares: the encoder's, or the best of several trials. */
  const codesOfSquares = async (
    squares: Float32Array,
    length: number,
    call: HimtokEncodeOptions,
  ): Promise<Int32Array> => {
    const trials = trialsOf(call, config)
    const found = await latentsOf(squares, call)
    if (trials === 1) return nearestCodes(codebook, found)
    const { search: slopes } = sessions
    if (slopes === undefined) {
      throw new CodecError('out-of-range', `${name} was opened without the network that a search takes`, {
        hint: 'set "search" to 2 or more in the "config" of its config.json',
      })
    }
    const run = runOf(call)
    const out = new Int32Array((squares.length / pixels) * latents)
    for (const { start: from, end: to } of groupsThatFit(
      squares.length / pixels,
      SLOPE_BYTES * perMask.decode,
      maxRunBytes,
    )) {
      const targets = squares.slice(from * pixels, to * pixels)
      const codes = await searchCodes({
        config,
        codebook,
        latents: found.subarray(from * latents * codeSize, to * latents * codeSize),
        squares: targets,
        trials,
        decode: async (all, slope) => {
          const rows = Array.from({ length: to - from }, (_, m) =>
            all.subarray(m * latents, m * latents + length),
          )
          const { vectors, present } = vectorsOf(rows, {})
          const feeds = decoderFeeds(vectors, present, 0, to - from)
          if (!slope)
            return { logits: (await sessions.decoder.run(feeds, run))['logits']!.data as Float32Array }
          const aimed = { ...feeds, targets: { data: targets, shape: [to - from, sizePx, sizePx] } }
          const result = await slopes.run(aimed, run)
          return {
            logits: result['logits']!.data as Float32Array,
            slope: result['slope']!.data as Float32Array,
          }
        },
      })
      out.set(codes, from * latents)
    }
    return out
  }

  return {
    name,
    config,
    vocabulary,
    needsImage: false,

    async encodeImage(picture: Pixels | PictureSize, call: CodecCallOptions = {}): Promise<HimtokImage> {
      check()
      call.signal?.throwIfAborted()
      checkPicture(picture)
      return { codec: 'himtok', widthPx: picture.widthPx, heightPx: picture.heightPx }
    },

    async encode(image, masks, call = {}): Promise<MaskWords[]> {
      check(image)
      const { length = latents } = call
      checkLength(length, latents)
      const squares = new Float32Array(masks.length * pixels)
      masks.forEach((mask: Mask, at) => {
        checkMaskSize(image, mask, at)
        writeSquare(mask, sizePx, squares, at * pixels, options.pillow)
      })
      const codes = await codesOfSquares(squares, length, call)
      const rows = { masks: masks.length, stride: latents, length, bits: length * Math.log2(codebookSize) }
      return wordsOfRows(codes, vocabulary, rows)
    },

    async decode(image, words, call = {}): Promise<DecodedMask[]> {
      check(image)
      const rows = words.map((word, at) => codesOf(word, vocabulary, at))
      return decodeCodes(image, rows, call)
    },

    async levels(image, words, lengths, call = {}): Promise<DecodedMask[]> {
      check(image)
      const codes = codesOf(words, vocabulary, 0)
      for (const length of lengths) checkLength(length, codes.length)
      return decodeCodes(
        image,
        lengths.map((length) => codes.slice(0, length)),
        call,
      )
    },

    async decodeSoft(image, probabilities, call = {}): Promise<DecodedMask[]> {
      check(image)
      const book = call.codeScale === 'unit' ? codebook.unit : codebook.raw
      const vectors = new Float32Array(probabilities.length * latents * codeSize)
      const present = new Float32Array(probabilities.length * latents).fill(1)
      probabilities.forEach((rows, m) => {
        if (rows.length !== latents * codebookSize) {
          throw new CodecError(
            'size-mismatch',
            `mask ${m}: ${rows.length} probabilities, wanted ${latents} x ${codebookSize}`,
            { at: m },
          )
        }
        for (let k = 0; k < latents; k++) {
          for (let code = 0; code < codebookSize; code++) {
            const weight = rows[k * codebookSize + code]!
            if (weight === 0) continue
            const to = (m * latents + k) * codeSize
            for (let i = 0; i < codeSize; i++)
              vectors[to + i] = vectors[to + i]! + weight * book[code * codeSize + i]!
          }
        }
      })
      const masks: DecodedMask[] = []
      await decodeVectors(vectors, present, call, (logits) => masks.push(finish(image, logits, call)))
      return masks
    },

    latents: latentsOf,
    quantise: (vectors) => nearestCodes(codebook, vectors),

    close,
  }
}

function checkLength(length: number, most: number): void {
  if (!Number.isInteger(length) || length < 1 || length > most) {
    throw new CodecError(
      'out-of-range',
      `a length of ${length} tokens; whole numbers from 1 to ${most} are possible`,
    )
  }
}

function codesOf(words: WordsInput, vocabulary: HimtokVocabulary, at: number): number[] {
  const codes = codesGiven(words, vocabulary, {
    at,
    most: vocabulary.maxLength,
    wanted: `tokens; HiMTok reads 1 to ${vocabulary.maxLength}`,
    hint: 'tokens look like <|mt_start|><|mt_17|>...<|mt_end|>',
  })
  checkCodes(codes, { at, count: vocabulary.codes })
  return codes
}
