// The reconstruction benchmark: every true mask once through every codec (and baseline), picture by picture.
import { messageOf } from '@maskwords/base'
import { area, boundaryF, iou, type Mask } from '@maskwords/mask'
import { EvalError } from '../error.ts'
import { baselineMasks } from './baselines.ts'
import { type CodecWords, firstCodes, lengthCost, type ReconstructionCodec } from './codec.ts'
import type { ReconstructionRow, TruthMask, TruthPicture } from './sample.ts'
import { type CodeUsage, type UsageCounter, usageCounter } from './usage.ts'

/** A codec and the name that reports give it. */
export type NamedCodec = { readonly name: string; readonly codec: ReconstructionCodec }

/** What a reconstruction measures, on which pictures. */
export type EvaluateOptions = {
  readonly pictures: AsyncIterable<TruthPicture> | Iterable<TruthPicture>
  /** Names are unique: rows carry them. */
  readonly codecs: readonly NamedCodec[]
  /** Also decode the first so many codes of every mask, a method `<codec>@<length>` each. GETok has no such order. */
  readonly lengths?: readonly number[]
  /** Adds boxes, ellipses and polygons, exact and in a number of bits. Default false. */
  readonly baselines?: boolean
  /** Boundary F of every row. Default true. */
  readonly boundary?: boolean
  /** Masks that go to a codec in one call, and share its time evenly. Default 16. */
  readonly masksACall?: number
  /** Errors that mean "no reconstruction of this mask"; others end the run. Default: none do. */
  readonly isFailure?: (error: unknown) => boolean
  /** Called after every picture. */
  readonly onPicture?: (picture: TruthPicture) => void | Promise<void>
  readonly signal?: AbortSignal
}

/** What a reconstruction measured: rows, summaries, use of codes. */
export type Evaluation = {
  /** Method names, in the order of codecs, their lengths, and baselines. */
  readonly methods: readonly string[]
  readonly rows: ReadonlyMap<string, readonly ReconstructionRow[]>
  /** Mean time of one pass over a picture, by codec. */
  readonly imageMs: ReadonlyMap<string, number>
  readonly usage: ReadonlyMap<string, readonly CodeUsage[]>
}

/** The method of a codec's first `length` codes. */
export function lengthMethod(codec: string, length: number): string {
  return `${codec}@${length}`
}

/**
 * Reconstructs every mask of the pictures once by every method. A mask that a codec cannot say or read back counts with
 * IoU 0 and its reason. Pictures are taken one at a time: nothing of an earlier one is kept but its rows.
 *
 * @throws EvalError `duplicate` for two codecs, pictures or masks of one name, `size-mismatch` for a mask that is not of
 * the picture's size; the signal's reason on abort; what a codec throws, unless `isFailure` says it is a failed mask
 */
export async function evaluateReconstruction(options: EvaluateOptions): Promise<Evaluation> {
  const { codecs, baselines = false, signal } = options
  checkUnique(
    codecs.map(({ name }) => name),
    'two codecs have the name',
  )
  const rows = new Map<string, ReconstructionRow[]>()
  const addRow = (row: ReconstructionRow) => {
    const list = rows.get(row.method)
    if (list === undefined) rows.set(row.method, [row])
    else list.push(row)
  }
  const runs = codecs.map((named) => ({
    ...named,
    counter: usageCounter(named.codec.vocabulary),
    images: 0,
    totalMs: 0,
  }))
  const seen = new Set<string>()
  for await (const picture of options.pictures) {
    signal?.throwIfAborted()
    if (seen.has(picture.id)) throw new EvalError('duplicate', `two pictures have the id ${picture.id}`)
    seen.add(picture.id)
    checkMasks(picture)
    for (const run of runs) await evaluateCodec(picture, run, options, addRow)
    if (baselines) {
      for (const truth of picture.masks) {
        signal?.throwIfAborted()
        for (const { method, bits, mask } of baselineMasks(truth.mask)) {
          addRow(scored(picture, truth, mask, { method, ...(bits !== undefined && { bits }) }, options))
        }
        // A search of some milliseconds a mask must not hold up Ctrl-C and progress.
        await new Promise(setImmediate)
      }
    }
    await options.onPicture?.(picture)
  }
  return {
    methods: [...rows.keys()],
    rows,
    imageMs: new Map(runs.map((run) => [run.name, run.images === 0 ? 0 : run.totalMs / run.images])),
    usage: new Map(runs.map((run) => [run.name, run.counter.usage()])),
  }
}

function checkUnique(names: readonly string[], what: string): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new EvalError('duplicate', `${what} ${twice}`)
}

function checkMasks(picture: TruthPicture): void {
  checkUnique(
    picture.masks.map(({ id }) => id),
    `picture ${picture.id} has two masks of the id`,
  )
  for (const { id, mask } of picture.masks) {
    if (mask.widthPx === picture.widthPx && mask.heightPx === picture.heightPx) continue
    throw new EvalError(
      'size-mismatch',
      `the mask is ${mask.widthPx} x ${mask.heightPx}, its picture ${picture.widthPx} x ${picture.heightPx}`,
      { at: `${picture.id}/${id}` },
    )
  }
}

type CodecRun = NamedCodec & { counter: UsageCounter; images: number; totalMs: number }

async function evaluateCodec(
  picture: TruthPicture,
  run: CodecRun,
  options: EvaluateOptions,
  addRow: (row: ReconstructionRow) => void,
): Promise<void> {
  const { masksACall = 16 } = options
  const { codec } = run
  const call = options.signal === undefined ? {} : { signal: options.signal }
  let image: unknown
  const started = performance.now()
  try {
    image = await codec.encodeImage(picture, call)
  } catch (error) {
    const failure = failureOf(error, options)
    for (const truth of picture.masks) addFailed(picture, truth, run, options, failure, addRow)
    return
  }
  run.totalMs += performance.now() - started
  run.images++
  for (let from = 0; from < picture.masks.length; from += masksACall) {
    options.signal?.throwIfAborted()
    await evaluateGroup(picture, picture.masks.slice(from, from + masksACall), image, run, options, addRow)
    await new Promise(setImmediate)
  }
}

async function evaluateGroup(
  picture: TruthPicture,
  group: readonly TruthMask[],
  image: unknown,
  run: CodecRun,
  options: EvaluateOptions,
  addRow: (row: ReconstructionRow) => void,
): Promise<void> {
  const { codec, name, counter } = run
  const call = options.signal === undefined ? {} : { signal: options.signal }
  try {
    const start = performance.now()
    const words = await codec.encode(
      image,
      group.map(({ mask }) => mask),
      call,
    )
    const middle = performance.now()
    const decoded = await codec.decode(image, words, call)
    const end = performance.now()
    const times = { encodeMs: (middle - start) / group.length, decodeMs: (end - middle) / group.length }
    const shorter = await shorterMasks(image, words, codec, options)
    group.forEach((truth, i) => {
      const { tokens, bits, codes } = words[i]!
      counter.add(codes)
      addRow(scored(picture, truth, decoded[i]!.mask, { method: name, bits, tokens, ...times }, options))
    })
    for (const { length, masks } of shorter) {
      group.forEach((truth, i) => {
        const cost = lengthCost(words[i]!, length)
        addRow(scored(picture, truth, masks[i]!, { method: lengthMethod(name, length), ...cost }, options))
      })
    }
  } catch (error) {
    const failure = failureOf(error, options)
    if (group.length === 1) {
      addFailed(picture, group[0]!, run, options, failure, addRow)
      return
    }
    // One bad mask must not take its neighbours along.
    for (const truth of group) await evaluateGroup(picture, [truth], image, run, options, addRow)
  }
}

/** Masks of the first codes for every asked length, all decoded before any row is made: a failure leaves no half group. */
async function shorterMasks(
  image: unknown,
  words: readonly CodecWords[],
  codec: ReconstructionCodec,
  options: EvaluateOptions,
): Promise<{ length: number; masks: Mask[] }[]> {
  const lengths = lengthsFor(codec, options.lengths ?? [])
  if (lengths.length === 0) return []
  const call = options.signal === undefined ? {} : { signal: options.signal }
  const found: { length: number; masks: Mask[] }[] = []
  for (const length of lengths) {
    const cut = words.map((one) => firstCodes(one, length, codec.vocabulary))
    const decoded = await codec.decode(image, cut, call)
    found.push({ length, masks: decoded.map(({ mask }) => mask) })
  }
  return found
}

/** The asked lengths that a codec can be cut to. Words of GETok are a set: their first ones mean nothing. */
export function lengthsFor(codec: ReconstructionCodec, lengths: readonly number[]): number[] {
  const { vocabulary } = codec
  if (vocabulary.kind === 'getok') return []
  const most = vocabulary.kind === 'himtok' ? vocabulary.maxLength : vocabulary.levels
  return [...new Set(lengths)].filter((length) => length >= 1 && length <= most)
}

function scored(
  picture: TruthPicture,
  truth: TruthMask,
  decoded: Mask,
  about: Pick<ReconstructionRow, 'method' | 'bits' | 'tokens' | 'encodeMs' | 'decodeMs'>,
  { boundary = true }: EvaluateOptions,
): ReconstructionRow {
  return {
    ...placeOf(picture, truth),
    ...about,
    iou: iou(truth.mask, decoded),
    ...(boundary && { boundaryF: boundaryF(decoded, truth.mask).f }),
  }
}

function placeOf(picture: TruthPicture, truth: TruthMask) {
  return {
    picture: picture.id,
    mask: truth.id,
    areaShare: area(truth.mask) / (picture.widthPx * picture.heightPx),
  }
}

function addFailed(
  picture: TruthPicture,
  truth: TruthMask,
  { name, codec }: NamedCodec,
  { lengths = [], boundary = true }: EvaluateOptions,
  failure: string,
  addRow: (row: ReconstructionRow) => void,
): void {
  const shorter = lengthsFor(codec, lengths).map((length) => lengthMethod(name, length))
  for (const method of [name, ...shorter]) {
    addRow({ ...placeOf(picture, truth), method, iou: 0, ...(boundary && { boundaryF: 0 }), failure })
  }
}

function failureOf(error: unknown, { isFailure, signal }: EvaluateOptions): string {
  if (signal?.aborted || isFailure?.(error) !== true) throw error
  return messageOf(error)
}
