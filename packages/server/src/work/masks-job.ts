// Masks to words and words to masks: the work of POST /v1/masks/encode and /v1/masks/decode.

import { namesHint } from '@maskwords/base'
import {
  type DecodeAnswer,
  decodeOptionsSchema,
  decodeRequestSchema,
  type EncodeAnswer,
  encodeOptionsSchema,
  encodeRequestSchema,
  MAX_REQUEST_MASKS,
} from '@maskwords/client/schema'
import type {
  DecodedMask,
  EncodedImage,
  HimtokCodec,
  MaskCodec,
  MaskWords,
  PictureSize,
} from '@maskwords/codecs'
import { findGetokWords, isTypedError, MaskwordsError, reportOf } from '@maskwords/files'
import { area, type Mask } from '@maskwords/mask'
import { codesFromText } from '@maskwords/words'
import { z } from 'zod'
import { checked } from '../checked.ts'
import { HttpFault } from '../fault.ts'
import { encodedImage, type OpenCodec } from './codecs.ts'
import { readMask } from './read-mask.ts'
import type { Work } from './work.ts'
import { base64, measuredMask, type WriteMaskOptions } from './write-mask.ts'

/** Masks that go through a codec together: enough to share its work, few enough to stop in between; fewer of large pictures. */
const GROUP = 16
const GROUP_PIXELS = 2 ** 25
/** Masks with their logits in one answer: 32 of 256 x 256 are 11 MB. */
const MAX_LOGITS = 32
/** Masks of one answer, prefixes counted: most of a picture with 2^20 edges each would otherwise be gigabytes. */
const MAX_ANSWER_MASKS = 1024

// One bad mask must not lose its neighbours: the masks are checked one by one.
const encodeEnvelope = encodeRequestSchema.extend({
  masks: z.array(z.unknown()).min(1).max(MAX_REQUEST_MASKS),
})

type ItemError = { readonly error: { code: string; message: string; at?: string | number; hint?: string } }
const rounded = (ms: number): number => Math.round(ms * 10) / 10

export async function encodeMasks(value: unknown, work: Work): Promise<EncodeAnswer> {
  const request = checked(encodeEnvelope, value)
  const open = work.codecs.get(request.codec)
  const options = knownOptions(encodeOptionsSchema, request.options, open.info.encodeOptions, open.name)
  const { image, from, ms, turn } = await encodedImage(open, request, work)
  const size = { widthPx: image.widthPx, heightPx: image.heightPx }
  let started = performance.now()
  const read: (Mask | ItemError)[] = []
  const turned = new Set<number>()
  for (const [k, item] of request.masks.entries()) {
    await work.pause()
    const at = `masks[${k}]`
    read.push(
      await orError(at, async () => {
        const { mask, isTurned } = await readMask(item, {
          size,
          at,
          maxPixels: work.maxPixels,
          resize: request.resizeMasks === true,
          turn,
          drawnOn: request.drawnOn,
        })
        if (isTurned) turned.add(k)
        if (area(mask) > 0) return mask
        throw new MaskwordsError('malformed', 'the mask is empty: there is nothing to say', { at })
      }),
    )
  }
  const readMs = performance.now() - started
  started = performance.now()
  const words = await inGroups('masks', read, work, size, (masks) =>
    open.codec.encode(image, masks, { ...options, signal: work.signal }),
  )
  const encodeMs = performance.now() - started
  const results = read.map((mask, k) => {
    const names = namesOf(request.masks[k])
    const said = words[k]!
    if ('error' in said) return { ...names, error: said.error }
    const { text, codes, tokens, bits } = said as MaskWords
    return {
      ...names,
      text,
      codes: Array.from(codes),
      tokens,
      bits,
      areaPx: area(mask as Mask),
      ...(turned.has(k) && { turned: true }),
    }
  })
  return {
    codec: open.name,
    ...size,
    results,
    failed: results.filter((result) => 'error' in result).length,
    cached: from === 'memory' || from === 'not-needed',
    times: { pictureMs: rounded(ms), readMs: rounded(readMs), encodeMs: rounded(encodeMs) },
  }
}

export async function decodeWords(value: unknown, work: Work): Promise<DecodeAnswer> {
  const request = checked(decodeRequestSchema, value)
  const open = work.codecs.get(request.codec)
  const { codec } = open
  const options = knownOptions(decodeOptionsSchema, request.options, open.info.decodeOptions, open.name)
  checkValues(options, open)
  const { length, lengths = [] } = request
  checkAnswerSize(request.words.length, { prefixes: lengths.length, logits: request.logits === true })
  if (!open.info.prefixes && (length !== undefined || lengths.length > 0)) {
    throw new HttpFault(400, {
      code: 'bad-option',
      message: `${open.name} has no prefixes: its words do not run from coarse to fine`,
      at: length !== undefined ? 'length' : 'lengths',
    })
  }
  const { image, from, ms } = await encodedImage(open, request, work)
  const write: WriteMaskOptions = {
    dialect: request.dialect ?? 'coco-rle',
    tolerancePx: request.tolerancePx ?? 0,
  }
  const call = { ...options, signal: work.signal, ...(request.logits === true && { logits: true }) }
  const started = performance.now()
  const inputs = await Promise.all(
    request.words.map((words, k) => orError(`words[${k}]`, async () => codesOf(words, codec, length))),
  )
  const decoded = await inGroups('words', inputs, work, image, (words) =>
    codec.decode(image, words as string[], call),
  )
  const prefixes: (Map<number, DecodedMask> | undefined)[] = []
  for (const [k, one] of decoded.entries()) {
    await work.pause()
    if ('error' in one || lengths.length === 0) continue
    const codes = inputs[k] as readonly number[]
    prefixes[k] = await prefixMasks(codec, image, codes, lengths, { ...call, logits: false })
  }
  const decodeMs = performance.now() - started
  const writing = performance.now()
  const results: DecodeAnswer['results'] = []
  for (const [k, one] of decoded.entries()) {
    await work.pause()
    if ('error' in one) {
      results.push(one)
      continue
    }
    const { logits } = one
    results.push({
      ...measuredMask(one.mask, write),
      ...(one.score !== undefined && { score: one.score }),
      codes: shownCodes(inputs[k] as string | readonly number[], codec),
      ...(logits !== undefined && {
        logits: {
          widthPx: logits.widthPx,
          heightPx: logits.heightPx,
          float32: base64(new Uint8Array(logits.data.buffer, logits.data.byteOffset, logits.data.byteLength)),
        },
      }),
      ...(prefixes[k] !== undefined && {
        prefixes: Array.from(prefixes[k], ([prefix, { mask, score }]) => ({
          length: prefix,
          ...measuredMask(mask, write),
          ...(score !== undefined && { score }),
        })),
      }),
    })
  }
  return {
    codec: open.name,
    widthPx: image.widthPx,
    heightPx: image.heightPx,
    results,
    failed: results.filter((result) => 'error' in result).length,
    cached: from === 'memory' || from === 'not-needed',
    times: {
      pictureMs: rounded(ms),
      decodeMs: rounded(decodeMs),
      writeMs: rounded(performance.now() - writing),
    },
  }
}

/** Codes of the words; a prefix of them where one is wanted. GETok's words are read by its codec, tags and all. */
function codesOf(
  words: string | readonly number[],
  { vocabulary }: MaskCodec,
  length: number | undefined,
): string | readonly number[] {
  if (vocabulary.kind === 'getok') return words
  const codes = typeof words === 'string' ? codesFromText(words, vocabulary) : words
  return length === undefined ? codes : codes.slice(0, length)
}

function shownCodes(input: string | readonly number[], codec: MaskCodec): number[] {
  return typeof input === 'string' ? getokCodes(input, codec) : Array.from(input)
}

function getokCodes(text: string, { vocabulary }: MaskCodec): number[] {
  if (vocabulary.kind !== 'getok') return []
  return Array.from(findGetokWords(text, vocabulary.gridSize).found.flatMap((one) => one.codes))
}

/** Masks of prefixes, each length once and no longer than the words, in the order asked for. */
async function prefixMasks(
  codec: MaskCodec,
  image: EncodedImage,
  codes: readonly number[],
  lengths: readonly number[],
  call: { readonly signal: AbortSignal; readonly logits: boolean },
): Promise<Map<number, DecodedMask>> {
  const wanted = [...new Set(lengths.map((length) => Math.min(length, codes.length)))]
  const masks =
    codec.vocabulary.kind === 'himtok'
      ? await (codec as unknown as HimtokCodec).levels(image as never, codes, wanted, call)
      : await codec.decode(
          image,
          wanted.map((length) => codes.slice(0, length)),
          call,
        )
  return new Map(wanted.map((length, k) => [length, masks[k]!]))
}

/**
 * Runs good items through `run` in groups; errors stay in their places. Where a group fails for one of its items, its
 * items go one by one.
 */
async function inGroups<T extends object | string, R extends object>(
  what: 'masks' | 'words',
  items: readonly (T | ItemError)[],
  work: Work,
  { widthPx, heightPx }: PictureSize,
  run: (group: T[]) => Promise<R[]>,
): Promise<(R | ItemError)[]> {
  const results: (R | ItemError)[] = items.map((item) => item as ItemError)
  const good = items.flatMap((item, k) => (typeof item === 'object' && 'error' in item ? [] : [k]))
  const atOnce = Math.max(1, Math.min(GROUP, Math.floor(GROUP_PIXELS / (widthPx * heightPx))))
  for (let from = 0; from < good.length; from += atOnce) {
    await work.pause()
    const group = good.slice(from, from + atOnce)
    try {
      const done = await run(group.map((k) => items[k] as T))
      group.forEach((k, i) => {
        results[k] = done[i]!
      })
    } catch (error) {
      if (work.signal.aborted || !isItemFault(error)) throw error
      for (const k of group) {
        await work.pause()
        results[k] = await orError(`${what}[${k}]`, async () => (await run([items[k] as T]))[0]!)
      }
    }
  }
  return results
}

/** What `make` gives, or its error as data. Errors that are not about this item go on. */
async function orError<T>(at: string, make: () => Promise<T>): Promise<T | ItemError> {
  try {
    return await make()
  } catch (error) {
    if (!isItemFault(error)) throw error
    const { file, at: within, ...report } = reportOf(error)
    // A path within this item goes behind the item's own; an index within it says nothing by itself.
    const inside = file === at && typeof within === 'string' && within !== 'top level' && within !== ''
    const place = inside ? `${at}.${within}`.replace('.[', '[') : at
    return { error: { ...report, at: place } }
  }
}

const isItemFault = (error: unknown): boolean =>
  !(error instanceof HttpFault) &&
  isTypedError(error) &&
  !['runtime', 'out-of-memory', 'closed', 'interrupted'].includes(reportOf(error).code)

function namesOf(item: unknown): { id?: string | number; label?: string } {
  if (typeof item !== 'object' || item === null) return {}
  const { id, label } = item as Record<string, unknown>
  return {
    ...((typeof id === 'string' || typeof id === 'number') && { id }),
    ...(typeof label === 'string' && { label }),
  }
}

function knownOptions<T extends object>(
  schema: z.ZodType<T>,
  options: object | undefined,
  known: readonly string[],
  name: string,
): T | undefined {
  if (options === undefined) return undefined
  const values = checked(schema, options)
  const wrong = Object.keys(values).find((key) => !known.includes(key))
  if (wrong === undefined) return values
  throw new HttpFault(400, {
    code: 'bad-option',
    message: `${name} has no option ${wrong}`,
    at: `options.${wrong}`,
    hint: namesHint(wrong, known),
  })
}

const MISSING: Readonly<Record<string, readonly string[]>> = {
  samtok: ['skip', 'official'],
  himtok: ['zero', 'bias'],
}

function checkValues(
  options: z.output<typeof decodeOptionsSchema> | undefined,
  { name, info }: OpenCodec,
): void {
  const { missing, threshold } = options ?? {}
  if (missing !== undefined && !MISSING[info.kind]?.includes(missing)) {
    throw new HttpFault(400, {
      code: 'bad-option',
      message: `missing: ${missing} is not for ${name}`,
      at: 'options.missing',
      hint: `it has ${MISSING[info.kind]?.join(', ')}`,
    })
  }
  if (threshold !== undefined && info.kind === 'himtok' && !(threshold > 0 && threshold < 1)) {
    throw new HttpFault(400, {
      code: 'bad-option',
      message: `the threshold of ${name} is a probability between 0 and 1, got ${threshold}`,
      at: 'options.threshold',
    })
  }
}

function checkAnswerSize(words: number, more: { readonly prefixes: number; readonly logits: boolean }): void {
  const masks = words * (1 + more.prefixes)
  const [count, limit, at, what] =
    more.logits && words > MAX_LOGITS
      ? [words, MAX_LOGITS, 'logits', 'masks with logits']
      : [masks, MAX_ANSWER_MASKS, 'lengths', 'masks, prefixes counted,']
  if (count <= limit) return
  throw new HttpFault(413, {
    code: 'too-large',
    message: `${count} ${what} in one answer, more than ${limit}`,
    at,
    hint: 'ask for them in several requests',
  })
}
