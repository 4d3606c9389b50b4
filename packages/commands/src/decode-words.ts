// The masks that a text says of a picture: who speaks its words, which of them are masks, and what each decodes to. One that cannot be decoded
// does not lose the others.
import type { EncodedImage, MaskCodec } from '@maskwords/codecs'
import type { FoundWords, ReadPicture, ReadWordsOptions, Size, TextReading } from '@maskwords/files'
import {
  CODEC_OPTIONS,
  type Context,
  counted,
  DECODE_OPTIONS,
  ENCODE_OPTIONS,
  type ErrorReport,
  isTypedError,
  JOBS_OPTION,
  languageOfOptions,
  MaskwordsError,
  MISSPELT,
  mapInOrder,
  misspelt,
  openCodec,
  PICTURE_OPTIONS,
  readWords,
  reportOf,
  SPEAKERS,
  statedOfWords,
  THOUGHT_OPTION,
} from '@maskwords/files'
import type { Mask } from '@maskwords/mask'
import { saysGetokWords, type Vocabulary } from '@maskwords/words'

export const DECODE_COMMAND_OPTIONS = {
  output: {
    type: 'text',
    short: 'o',
    valueName: 'out.png',
    endings: ['.png'],
    help: 'the mask (1-bit PNG); several masks: a label map, 1, 2, ... in order; - is stdout',
  },
  overlay: {
    type: 'text',
    valueName: 'file.png',
    endings: ['.png'],
    help: 'the picture with the masks on it (default: out.overlay.png beside -o out.png)',
  },
  'no-overlay': { type: 'flag', help: 'write no overlay picture' },
  split: { type: 'flag', help: 'several masks: one PNG each, out-1.png, out-2.png, ...' },
  to: {
    type: 'choice',
    choices: ['png', 'coco', 'yolo', 'cvat', 'label-studio', 'jsonl'],
    help: 'of many pictures: what the folder gets, pictures of masks or one file of annotations (default png)',
  },
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

export type DecodeContext = Context<typeof DECODE_COMMAND_OPTIONS>

export type Decoded = { readonly words: FoundWords; readonly codec: MaskCodec; readonly mask: Mask }
export type Speakers = ReadonlyMap<FoundWords['language'], MaskCodec>

/** Whether the command line says which language is spoken. */
const isAsked = ({ options }: DecodeContext): boolean =>
  options.codec !== undefined || languageOfOptions(options) !== undefined

/** The codec that is asked for, else one for each language that the texts have: their spelling tells. The caller closes them. */
export async function openSpeakers(context: DecodeContext, texts: readonly string[]): Promise<Speakers> {
  const found = isAsked(context)
    ? []
    : texts.flatMap((text) => readWords(text, reading(context, text))?.found ?? [])
  const languages = new Set(found.map(({ language }) => language))
  const open = new Map<FoundWords['language'], MaskCodec>()
  try {
    for (const language of languages.size > 0
      ? languages
      : [texts.map(spoken).find((language) => language !== undefined)]) {
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

/** Words that the codec asked for does not speak. */
function otherLanguage(language: FoundWords['language'], codec: MaskCodec): MaskwordsError {
  return new MaskwordsError(
    'unsupported',
    `these are ${language} words, and ${codec.name} speaks ${codec.vocabulary.kind}`,
    { hint: `leave --codec out, or give --codec ${SPEAKERS[language]} or a folder with ${language} weights` },
  )
}

/** The words of the text; what was left out of it is said. Throws MaskwordsError `not-found` for a text without any. */
export async function wordsIn(
  context: DecodeContext,
  text: string,
  codecs: Speakers,
): Promise<readonly FoundWords[]> {
  const { found, inThoughts, problems } = readingOf(context, text, codecs)
  if (inThoughts > 0) {
    await context.talk.note(
      `${counted(inThoughts, 'mask')} in a thought: not decoded, a thought is no answer`,
    )
  }
  const open = found.find(({ certainty }) => certainty === 'likely')
  if (open !== undefined && !isAsked(context) && statedOfWords(text).language === undefined) {
    const other = open.language === 'samtok' ? 'himtok' : 'samtok'
    await context.talk.note(
      `words at character ${open.start} are read as ${open.language}'s; they could be ${other}'s, too: --codec ${SPEAKERS[other]}`,
    )
  }
  const lost = problems.filter(({ kind }) => kind === MISSPELT)
  if (lost.length > 0) {
    await context.talk.note(
      `${counted(lost.length, MISSPELT)} not decoded, the first at character ${lost[0]!.start}`,
    )
  }
  return found
}

function readingOf(context: DecodeContext, text: string, codecs: Speakers): TextReading {
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

/** The masks of some words of one picture, in their order. */
export async function decodeFound(
  context: DecodeContext,
  codecs: Speakers,
  found: readonly FoundWords[],
  picture: ReadPicture | Size,
): Promise<{ decoded: Decoded[]; failures: ErrorReport[]; imageMs: number; decodeMs: number }> {
  const { options, io, talk } = context
  const started = performance.now()
  const images = await imagesOf(codecs, picture, io.signal)
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
  return { decoded, failures, imageMs, decodeMs }
}
