// `maskwords decode`: a picture and words to masks, written as PNG with an overlay picture beside, or as COCO RLE.
import { existsSync } from 'node:fs'
import type { EncodedImage, MaskCodec } from '@maskwords/codecs'
import type { ReadPicture, Size } from '@maskwords/files'
import {
  CODEC_OPTIONS,
  type Context,
  counted,
  DECODE_OPTIONS,
  decodedText,
  decodeOpened,
  defineCommand,
  duration,
  ENCODE_OPTIONS,
  type ErrorReport,
  type FoundWords,
  isTypedError,
  JOBS_OPTION,
  labelMapPng,
  languageOfOptions,
  MAX_TEXT_BYTES,
  MaskwordsError,
  MISSPELT,
  mapInOrder,
  misspelt,
  openCodec,
  openPicture,
  overlayPng,
  PICTURE_OPTIONS,
  type ReadWordsOptions,
  readInput,
  readWords,
  refuseSameFile,
  reportFailures,
  reportOf,
  SPEAKERS,
  statedOfWords,
  type TextReading,
  THOUGHT_OPTION,
  writeWhole,
} from '@maskwords/files'
import { area, cocoRleFromMask, type Mask, maskToPng } from '@maskwords/mask'
import { saysGetokWords, type Vocabulary } from '@maskwords/words'
import { rounded } from './encode.ts'

const OPTIONS = {
  output: {
    type: 'text',
    short: 'o',
    valueName: 'out.png',
    help: 'the mask (1-bit PNG); several masks: a label map, 1, 2, ... in order; - is stdout',
  },
  overlay: {
    type: 'text',
    valueName: 'file.png',
    help: 'the picture with the masks on it (default: out.overlay.png beside -o out.png)',
  },
  'no-overlay': { type: 'flag', help: 'write no overlay picture' },
  split: { type: 'flag', help: 'several masks: one PNG each, out-1.png, out-2.png, ...' },
  size: { type: 'size', help: 'instead of a picture: decode "<words>" --size 640x480' },
  'thought-open': THOUGHT_OPTION,
  ...CODEC_OPTIONS,
  ...DECODE_OPTIONS,
  length: {
    ...ENCODE_OPTIONS.length,
    help: 'himtok: decode the first words of each mask only (default all)',
  },
  ...JOBS_OPTION,
  ...PICTURE_OPTIONS,
} as const

type DecodeContext = Context<typeof OPTIONS>

export const command = defineCommand({
  spec: {
    name: 'decode',
    summary: 'Turn words back into masks.',
    details: [
      'Words are found anywhere in the text: a whole answer of a model may be given. Each object is one mask. Words inside',
      'a thought (<think>) are no part of the answer.',
      'Without -o, prints one COCO RLE object a line. With a picture its colours help; --size does without.',
    ],
    arguments: [
      { name: 'picture', help: 'the picture that the words speak of (leave it out with --size)' },
      { name: 'words', help: 'the words, or a text file that holds them, or - for stdin', optional: true },
    ],
    options: OPTIONS,
    examples: [
      {
        command:
          'maskwords decode photo.jpg "<box><grid_3_4><grid_9_12></box><seg><grid_6_8></seg>" -o out.png',
        note: 'writes out.png and out.overlay.png',
      },
      {
        command: 'maskwords decode photo.jpg answer.txt -o masks.png --split',
        note: 'all masks of a model answer, a file each',
      },
      {
        command: 'maskwords encode photo.jpg mask.png | maskwords decode photo.jpg - --json',
        note: 'through a pipe, as COCO RLE',
      },
      { command: 'maskwords decode "<seg><grid_6_8></seg>" --size 640x480', note: 'without a picture' },
    ],
  },
  async run(context) {
    const { options, io, talk } = context
    const { pictureFile, wordsSource } = argumentsOf(context)
    const out = options.output
    const targets = await planFiles(context, out, pictureFile)
    const text = await readText(context, wordsSource)
    const codecs = await openSpeakers(context, text)
    try {
      const { found, inThoughts, problems } = wordsIn(context, text, codecs)
      if (inThoughts > 0) {
        await talk.note(`${counted(inThoughts, 'mask')} in a thought: not decoded, a thought is no answer`)
      }
      const open = found.find(({ certainty }) => certainty === 'likely')
      if (open !== undefined && !isAsked(context) && statedOfWords(text).language === undefined) {
        const other = open.language === 'samtok' ? 'himtok' : 'samtok'
        await talk.note(
          `words at character ${open.start} are read as ${open.language}'s; they could be ${other}'s, too: --codec ${SPEAKERS[other]}`,
        )
      }
      const lost = problems.filter(({ kind }) => kind === MISSPELT)
      if (lost.length > 0) {
        await talk.note(
          `${counted(lost.length, MISSPELT)} not decoded, the first at character ${lost[0]!.start}`,
        )
      }
      const picture =
        pictureFile === undefined
          ? undefined
          : await decodeOpened(context, await openPicture(context, pictureFile), [], statedOfWords(text).exif)
      const size: Size = picture ?? options.size!
      const started = performance.now()
      const images = await imagesOf(codecs, picture ?? { ...size }, io.signal)
      const imageMs = performance.now() - started
      const failures: ErrorReport[] = []
      const decoded: Decoded[] = []
      const progress = talk.progress(found.length, 'mask')
      const results = await mapInOrder(found, options.jobs ?? 4, io.signal, async (words) => {
        const at = `character ${words.start} of the text`
        try {
          const codec = codecs.get(words.language)
          if (codec === undefined) throw otherLanguage(words.language, [...codecs.values()][0]!)
          const image = images.get(codec)!
          if (!('codec' in image)) throw image.error
          const [result] = await codec.decode(image, [words.words], { signal: io.signal })
          return { words, codec, mask: result!.mask }
        } catch (error) {
          if (!isTypedError(error) || io.signal.aborted) throw error
          return { ...reportOf(error), at }
        } finally {
          progress.step()
          // Lets Ctrl-C and the progress line through between two masks.
          await new Promise(setImmediate)
        }
      })
      for (const result of results) {
        if ('code' in result) failures.push(result)
        else decoded.push(result)
      }
      await progress.clear()
      const decodeMs = performance.now() - started - imageMs
      for (const { words } of decoded) {
        if (words.status !== 'repaired') continue
        const kinds = [...new Set(words.repairs.map((repair) => repair.kind))].join(', ')
        await talk.note(`words at character ${words.start} were repaired: ${kinds || 'incomplete'}`)
      }
      const files =
        decoded.length === 0
          ? []
          : await writeFiles(
              context,
              targets,
              decoded.map((one) => one.mask),
              picture,
            )
      const code = await reportFailures(context, failures)
      if (options.json) {
        await context.printJson({
          codec: decoded[0]?.codec.name ?? [...codecs.values()][0]!.name,
          picture: {
            ...(pictureFile !== undefined && { file: pictureFile }),
            widthPx: size.widthPx,
            heightPx: size.heightPx,
          },
          masks: decoded.map(({ words, codec, mask }) => ({
            ...(words.label !== undefined && { label: words.label }),
            ...cocoRleFromMask(mask),
            area: area(mask),
            words: words.words,
            language: words.language,
            codec: codec.name,
            start: words.start,
            end: words.end,
            status: words.status,
            repairs: words.repairs,
          })),
          files,
          times: { imageMs: rounded(imageMs), decodeMs: rounded(decodeMs) },
          errors: failures,
        })
      } else if (out === undefined) {
        for (const { words, mask } of decoded) {
          await context.print(
            JSON.stringify({
              ...(words.label !== undefined && { label: words.label }),
              ...cocoRleFromMask(mask),
            }),
          )
        }
      } else if (out !== '-') {
        for (const file of files) await context.print(file)
        await talk.note(`${counted(decoded.length, 'mask')} decoded in ${duration(decodeMs)}`)
      }
      return code
    } finally {
      for (const codec of codecs.values()) await codec.close()
    }
  },
})

type Decoded = { readonly words: FoundWords; readonly codec: MaskCodec; readonly mask: Mask }
type Speakers = ReadonlyMap<FoundWords['language'], MaskCodec>

/** Whether the command line says which language is spoken. */
const isAsked = ({ options }: DecodeContext): boolean =>
  options.codec !== undefined || languageOfOptions(options) !== undefined

/** The codec that is asked for, else one for each language that the text has: its spelling tells. */
async function openSpeakers(context: DecodeContext, text: string): Promise<Speakers> {
  const found = isAsked(context) ? [] : (readWords(text, reading(context, text))?.found ?? [])
  const languages = new Set(found.map(({ language }) => language))
  const open = new Map<FoundWords['language'], MaskCodec>()
  try {
    for (const language of languages.size > 0 ? languages : [spoken(text)]) {
      const opened = await openCodec(context, language && SPEAKERS[language])
      open.set(opened.vocabulary.kind, opened)
    }
    return open
  } catch (error) {
    for (const opened of open.values()) await opened.close()
    throw error
  }
}

/** The language of a text without words that can be read, where it is known. */
const spoken = (text: string): Vocabulary['kind'] | undefined =>
  statedOfWords(text).language ?? (saysGetokWords(text) ? 'getok' : undefined)

type Image = EncodedImage | { readonly error: unknown }

/** The picture as each codec sees it. One that cannot (it needs pixels, and there is a size) does not lose the others' masks. */
async function imagesOf(
  codecs: Speakers,
  picture: ReadPicture | Size,
  signal: AbortSignal,
): Promise<Map<MaskCodec, Image>> {
  const images = new Map<MaskCodec, Image>()
  for (const codec of codecs.values()) {
    try {
      images.set(codec, await codec.encodeImage(picture, { signal }))
    } catch (error) {
      if (codecs.size === 1 || !isTypedError(error) || signal.aborted) throw error
      images.set(codec, { error })
    }
  }
  return images
}

/** How words are read that could be of two languages: as those of the codec asked for, or as the text itself states. */
function reading({ options }: DecodeContext, text: string, codecs: Speakers = new Map()): ReadWordsOptions {
  const of = <K extends FoundWords['language']>(kind: K) =>
    codecs.get(kind)?.vocabulary as Extract<Vocabulary, { kind: K }> | undefined
  const [samtok, himtok] = [of('samtok'), of('himtok')]
  const prefer = codecs.size === 1 ? [...codecs.keys()][0] : statedOfWords(text).language
  return {
    gridSize: of('getok')?.gridSize ?? 32,
    ...(options['thought-open'] && { thoughtOpen: true }),
    ...(samtok !== undefined && { samtok }),
    ...(himtok !== undefined && { himtok }),
    ...(prefer !== undefined && prefer !== 'getok' && { prefer }),
  }
}

function argumentsOf(context: DecodeContext): { pictureFile: string | undefined; wordsSource: string } {
  const [first, second] = context.args
  const { size } = context.options
  if (size !== undefined) {
    if (second !== undefined) {
      throw new MaskwordsError('usage', 'give a picture or --size, not both', {
        hint: 'maskwords decode "<words>" --size 640x480',
      })
    }
    return { pictureFile: undefined, wordsSource: first! }
  }
  if (second === undefined) {
    throw new MaskwordsError('usage', 'missing <words>: the words, a file that holds them, or -', {
      hint: 'maskwords decode photo.jpg "<words>", or without a picture: maskwords decode "<words>" --size 640x480',
    })
  }
  if (first === '-' && second === '-') throw new MaskwordsError('usage', 'stdin (-) can be read once only')
  return { pictureFile: first, wordsSource: second }
}

/** The words argument as text: stdin, a file where one has that name, else the argument itself. */
async function readText(context: DecodeContext, source: string): Promise<string> {
  const isFile =
    source === '-' ||
    (!source.includes('<') &&
      source.length < 1024 &&
      !source.includes('\0') &&
      existsSync(context.path(source)))
  if (!isFile) return source
  const { bytes, name } = await readInput(context.io, source, MAX_TEXT_BYTES)
  return decodedText(bytes, name)
}

/** Words that the codec asked for does not speak. */
function otherLanguage(language: FoundWords['language'], codec: MaskCodec): MaskwordsError {
  return new MaskwordsError(
    'unsupported',
    `these are ${language} words, and ${codec.name} speaks ${codec.vocabulary.kind}`,
    { hint: `leave --codec out, or give --codec ${SPEAKERS[language]} or a folder with ${language} weights` },
  )
}

function wordsIn(context: DecodeContext, text: string, codecs: Speakers): TextReading {
  const read = readWords(text, reading(context, text, codecs))
  if (read !== undefined && read.found.length > 0) return read
  const inThoughts = read?.inThoughts ?? 0
  if (inThoughts > 0) {
    throw new MaskwordsError(
      'not-found',
      `the answer has no mask words; its thoughts have ${counted(inThoughts, 'mask')}`,
      { hint: 'a thought is no answer: give its words alone to decode them' },
    )
  }
  const [lost] = misspelt(text)
  if (lost !== undefined) {
    throw new MaskwordsError(
      'not-found',
      `mask words in a spelling that cannot be read: ${JSON.stringify(text.slice(Math.max(0, lost.start - 5), lost.start + 40))}`,
      { hint: `words look like ${EXAMPLES[[...codecs.keys()][0]!]}; turn escapes of HTML or JSON back` },
    )
  }
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text
  throw new MaskwordsError('not-found', `no mask words in ${JSON.stringify(shown)}`, {
    hint: `words look like ${EXAMPLES[[...codecs.keys()][0]!]}; a name of a file that is not there ends here too`,
  })
}

const EXAMPLES: Readonly<Record<Vocabulary['kind'], string>> = {
  getok: '<box><grid_3_4><grid_9_12></box><seg><grid_6_8></seg>',
  samtok: '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>',
  himtok: '<|mt_start|><|mt_17|><|mt_903|>...<|mt_end|>',
}

type Targets = { readonly mask: string | undefined; readonly overlay: string | undefined }

/** Where results go; refuses to destroy the inputs before any work is done. */
async function planFiles(
  context: DecodeContext,
  out: string | undefined,
  pictureFile: string | undefined,
): Promise<Targets> {
  const { options } = context
  if (options.split && (out === undefined || out === '-')) {
    throw new MaskwordsError('usage', '--split needs -o <file>: its name is what the numbers are added to')
  }
  if (out === '-' && options.json) throw new MaskwordsError('usage', '-o - and --json both write to stdout')
  const beside =
    out === undefined || out === '-' || pictureFile === undefined ? undefined : withSuffix(out, '.overlay')
  const overlay = options['no-overlay'] ? undefined : (options.overlay ?? beside)
  if (options.overlay !== undefined && pictureFile === undefined) {
    throw new MaskwordsError('usage', '--overlay needs the picture to lay the masks over')
  }
  if (overlay !== undefined && out !== undefined && context.path(overlay) === context.path(out)) {
    throw new MaskwordsError('usage', '-o and --overlay name the same file', { file: out })
  }
  const inputs = context.args.filter((name) => name !== '-').map((name) => context.path(name))
  for (const file of [out, overlay]) {
    if (file !== undefined && file !== '-') await refuseSameFile(context.path(file), inputs)
  }
  return { mask: out, overlay }
}

async function writeFiles(
  context: DecodeContext,
  targets: Targets,
  masks: readonly Mask[],
  picture: ReadPicture | undefined,
): Promise<string[]> {
  const { io, options } = context
  const files: string[] = []
  const write = async (name: string, bytes: Uint8Array) => {
    if (name === '-') return io.stdout.write(bytes)
    await writeWhole(context.path(name), bytes, io.signal)
    files.push(name)
  }
  if (targets.mask !== undefined) {
    if (masks.length === 1) await write(targets.mask, maskToPng(masks[0]!))
    else if (options.split) {
      for (const [i, mask] of masks.entries())
        await write(withSuffix(targets.mask, `-${i + 1}`), maskToPng(mask))
    } else {
      const { bytes, overlapPx } = labelMapPng(masks)
      if (overlapPx > 0)
        await context.talk.note(
          `${counted(overlapPx, 'pixel')} belong to several masks; the later one wins in a label map (--split keeps all)`,
        )
      await write(targets.mask, bytes)
    }
  }
  if (targets.overlay !== undefined && picture !== undefined)
    await write(targets.overlay, overlayPng(picture, masks))
  return files
}

/** `out.png` with something before its extension: `out.overlay.png`. */
export function withSuffix(file: string, suffix: string): string {
  const match = /\.[A-Za-z0-9]{1,5}$/.exec(file)
  return match === null ? `${file}${suffix}.png` : `${file.slice(0, match.index)}${suffix}${match[0]}`
}
