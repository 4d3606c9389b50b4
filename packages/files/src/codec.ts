// Codecs by name: what `loadCodec` of the public index and --codec of the command open.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { namesHint } from '@maskwords/base'
import {
  codecNamed,
  codecNames,
  hubFolder,
  isHubId,
  loadCodec as loadKnownCodec,
} from '@maskwords/codec-loading'
import type { GetokCodec, HimtokCodec, MaskCodec, WordsInput } from '@maskwords/codecs'
import { codesFromText, type Vocabulary } from '@maskwords/words'
import { MaskwordsError, reportOf } from './error.ts'
import { INSTALLED } from './installed.ts'

/** Versions of Pillow whose order of passes may be chosen. */
export const PILLOW_CHOICES = ['12.1', '12.3', '13'] as const
export type PillowChoice = (typeof PILLOW_CHOICES)[number]

/** What a language lets one choose, beside the codec itself. */
export type LanguageOptions = {
  /** getok: cells a side of the grid, 2 to 128. Default 32. */
  readonly n?: number
  /** getok: `encode` adds offset words unless the call says otherwise. Default false. */
  readonly refine?: boolean
  /** getok: a file or folder with SAM 2 (or SAMTok) weights to decode with. */
  readonly segmenter?: string
  /** himtok: words of a mask, from coarse to fine; `decode` reads the first so many. Default all. */
  readonly length?: number
  /** samtok, himtok: code rows that `encode` tries for each mask. Default: as the codec's configuration says. */
  readonly search?: number
  /** samtok: the logit, himtok: the probability above which a pixel belongs to the mask. */
  readonly threshold?: number
  /** samtok, himtok: the Pillow whose order of passes resizes pictures and masks. Default 12.1. */
  readonly pillow?: PillowChoice
}

export type LoadCodecOptions = LanguageOptions & {
  /** Threads of the networks. Default: one a physical core. */
  readonly threads?: number
  /** Whether networks run in a thread of their own. Default true. */
  readonly worker?: boolean
  readonly signal?: AbortSignal
}

/** Codecs whose weights are in this package; their model cards lie beside the weights. */
export const SHIPPED_CODECS = ['samtok-nano', 'himtok-nano'] as const
export type ShippedCodec = (typeof SHIPPED_CODECS)[number]
/** What is opened where nothing is said: one language for every command. */
export const DEFAULT_CODEC: ShippedCodec = 'samtok-nano'

/** Who speaks a language where no codec is named. */
export const SPEAKERS: Readonly<Record<Vocabulary['kind'], string>> = {
  samtok: 'samtok-nano',
  himtok: 'himtok-nano',
  getok: 'getok',
}

/** What --codec takes by name, beside folders and files. */
export const CODEC_NAMES: readonly string[] = [...SHIPPED_CODECS, 'getok']

export const isShipped = (source: string): source is ShippedCodec =>
  (SHIPPED_CODECS as readonly string[]).includes(source)

/** The folder of a shipped codec, or of the detector. */
export function shippedFolder(name: ShippedCodec | 'nanodet-g'): string {
  return fileURLToPath(new URL(`weights/${name}`, INSTALLED))
}

/** Cells a side of `getok` and `getok:16`; undefined for what is no such name. Throws MaskwordsError `usage` for a grid that cannot be. */
export function getokCells(source: string): { readonly cells?: number } | undefined {
  const match = /^getok(?::(\d+))?$/.exec(source)
  if (match === null) return undefined
  if (match[1] === undefined) return {}
  const cells = Number(match[1])
  if (cells >= 2 && cells <= 128) return { cells }
  throw new MaskwordsError('usage', `${source}: a grid has 2 to 128 cells a side`)
}

const OPTIONS_OF: Readonly<Record<Vocabulary['kind'], readonly (keyof LanguageOptions)[]>> = {
  samtok: ['search', 'threshold', 'pillow'],
  himtok: ['length', 'search', 'threshold', 'pillow'],
  getok: ['n', 'refine', 'segmenter'],
}
const LANGUAGE_OPTIONS = [...new Set(Object.values(OPTIONS_OF).flat())]

/** The language that options ask for where no codec is named; undefined where none, or several have them. */
export function languageOfOptions(options: LanguageOptions): Vocabulary['kind'] | undefined {
  const given = LANGUAGE_OPTIONS.filter((name) => options[name] !== undefined)
  const kinds = (['samtok', 'himtok', 'getok'] as const).filter((kind) =>
    given.some((name) => OPTIONS_OF[kind].includes(name)),
  )
  const all = kinds.filter((kind) => given.every((name) => OPTIONS_OF[kind].includes(name)))
  return given.length > 0 && all.length === 1 ? all[0] : undefined
}

/**
 * Opens a mask language: `samtok-nano` or `himtok-nano`, which ship with this package; `getok` (arXiv 2512.10554), which
 * needs no weights, or `getok:16` with another grid; a codec that a plugin brought; a folder or file with SAMTok or HiMTok
 * weights; or a hub id that `maskwords pull` fetched. Close it after use.
 *
 * @throws MaskwordsError `not-found` for a name that is nothing of these, `usage` for options that the language does not have;
 * CodecError `not-found` for what is not there, `wrong-weights` for weights of something else, `out-of-range` for a grid that
 * cannot be; CheckpointError for files that are no checkpoints
 */
export async function loadCodec(source: string, options: LoadCodecOptions = {}): Promise<MaskCodec> {
  const codec = await openSource(source, options)
  try {
    return withOptions(codec, source, options)
  } catch (error) {
    await codec.close()
    throw error
  }
}

async function openSource(source: string, options: LoadCodecOptions): Promise<MaskCodec> {
  const { n, segmenter, pillow, threads, worker, signal } = options
  const named = codecNamed(source)
  if (named !== undefined) {
    return named.open({ ...(threads !== undefined && { threads }), ...(signal !== undefined && { signal }) })
  }
  const grid = getokCells(source)
  if (grid?.cells !== undefined && n !== undefined && grid.cells !== n)
    throw new MaskwordsError('usage', `${source} has ${grid.cells} cells a side, and n is ${n}`)
  const cells = grid?.cells ?? n
  const known = isShipped(source) ? shippedFolder(source) : grid === undefined ? source : 'getok'
  try {
    const codec = await loadKnownCodec(known, {
      ...(cells !== undefined && { cells }),
      ...(segmenter !== undefined && { segmenter }),
      ...(pillow !== undefined && { pillow: `pillow-${pillow}` as const }),
      session: { ...(threads !== undefined && { threads }), ...(worker !== undefined && { worker }) },
      ...(signal !== undefined && { signal }),
    })
    return codec as MaskCodec
  } catch (error) {
    const place = isHubId(known) ? await hubFolder(known) : known
    if (known !== 'getok' && reportOf(error).code === 'not-found' && !existsSync(known) && !existsSync(place))
      throw unknownSource(source)
    throw error
  }
}

/** A name that is nothing: what there is by name, and what else could have been meant. */
function unknownSource(source: string): MaskwordsError {
  const names = [...CODEC_NAMES, ...codecNames()]
  const meant = isHubId(source) ? `maskwords pull ${source}, if this is a hub id; ` : ''
  return new MaskwordsError('not-found', `there is no codec, file or folder "${source}"`, {
    hint: `${meant}${namesHint(source, names)} (getok:16 has another grid); anything else is a folder or file with weights, or a hub id (owner/name) that was pulled`,
  })
}

/** The codec with what its calls do unless they say otherwise. */
function withOptions(codec: MaskCodec, source: string, options: LanguageOptions): MaskCodec {
  const { kind } = codec.vocabulary
  const own = codecNamed(source) === undefined ? OPTIONS_OF[kind] : []
  const wrong = LANGUAGE_OPTIONS.find((name) => options[name] !== undefined && !own.includes(name))
  if (wrong !== undefined) {
    const speakers = (['samtok', 'himtok', 'getok'] as const).filter((one) => OPTIONS_OF[one].includes(wrong))
    throw new MaskwordsError('usage', `${source} has no option --${wrong}`, {
      hint: `${own.length === 0 ? 'it has none' : `it has ${own.map((name) => `--${name}`).join(', ')}`}; --${wrong} is for ${speakers.map((one) => SPEAKERS[one]).join(' and ')}`,
    })
  }
  const { refine, length, search, threshold } = options
  if (threshold !== undefined && kind === 'himtok' && !(threshold > 0 && threshold < 1))
    throw new MaskwordsError(
      'usage',
      `the threshold of ${source} is a probability between 0 and 1, got ${threshold}`,
    )
  if (codec.vocabulary.kind === 'himtok' && length !== undefined && length > codec.vocabulary.maxLength)
    throw new MaskwordsError(
      'usage',
      `a mask of ${source} has at most ${codec.vocabulary.maxLength} words, got --length ${length}`,
    )
  const encoding = {
    ...(refine !== undefined && { refine }),
    ...(length !== undefined && { length }),
    ...(search !== undefined && { search }),
  }
  const decoding = threshold === undefined ? {} : { threshold }
  if (Object.keys(encoding).length + Object.keys(decoding).length === 0) return codec
  const some = codec as unknown as GetokCodec & HimtokCodec
  const wrapped = {
    ...some,
    encode: (image: never, masks: never, call?: object) =>
      some.encode(image, masks, { ...encoding, ...call }),
    decode: (image: never, words: readonly WordsInput[], call?: object) =>
      some.decode(image, length === undefined ? words : words.map((one) => firstCodes(one, length)), {
        ...decoding,
        ...call,
      }),
  }
  return wrapped as unknown as MaskCodec

  function firstCodes(words: WordsInput, most: number): number[] {
    const { vocabulary } = codec
    const codes =
      typeof words === 'string' && vocabulary.kind === 'himtok'
        ? codesFromText(words, vocabulary)
        : Array.from(
            typeof words === 'object' && 'codes' in words ? words.codes : (words as readonly number[]),
          )
    return codes.slice(0, most)
  }
}
