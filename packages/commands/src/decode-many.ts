// `maskwords decode` of many pictures: their words by name, or from a file of answers; masks as pictures, or as one file of annotations.
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import {
  type AnnotatedPicture,
  type Written,
  writeCoco,
  writeCvatXml,
  writeLabelStudio,
  writeRecords,
  writeYolo,
} from '@maskwords/annotations'
import { isRecord } from '@maskwords/base'
import { jsonLines } from '@maskwords/datasets'
import {
  decodedText,
  decodeOpened,
  type ErrorReport,
  ensureFolder,
  labelMapPng,
  MAX_TEXT_BYTES,
  MaskwordsError,
  openPicture,
  overlayPng,
  type PictureList,
  readInput,
  statedOfWords,
  writeWhole,
} from '@maskwords/files'
import { area, type CocoRle, cocoRleFromMask, type Mask, maskFromCocoRle, maskToPng } from '@maskwords/mask'
import { type DecodeContext, decodeFound, openSpeakers, wordsIn } from './decode-words.ts'
import { itemsOf, picturesOf, stemsOf, takesWords, UNNAMED } from './many/pictures.ts'
import { type Item, type KeptResult, printMany, runMany, settingsOf } from './many/run-many.ts'

/** A region of a kept result. */
type KeptMask = CocoRle & { readonly label?: string }

/** A picture with the text that speaks of it. */
type Said = Item & { readonly text: string }

/** The masks that the words of each picture say. */
export async function decodeMany(context: DecodeContext, count: number): Promise<0 | 1> {
  const { options, talk, io } = context
  if (options.size !== undefined || options.overlay !== undefined) {
    throw new MaskwordsError('usage', `--${options.size ? 'size' : 'overlay'} is of one picture`, {
      hint: 'of many pictures, overlays are written beside the masks (--no-overlay leaves them out)',
    })
  }
  const { said, failures } = await wordsOf(context, count)
  const texts = new Map(said.map(({ picture, text }) => [picture, text]))
  const codecs = await openSpeakers(context, [...texts.values()])
  try {
    const nameOf = stemsOf(said)
    const done = await runMany(context, {
      command: 'decode',
      items: said,
      settings: [
        [...codecs.values()].map(({ name }) => name),
        { ...settingsOf(options), to: undefined },
        // The words themselves: a file of answers grows while pictures are asked.
      ],
      keyOf: ({ picture }) => createHash('sha256').update(texts.get(picture)!).digest('hex'),
      async work({ picture: name, path }, inner) {
        const text = texts.get(name)!
        const found = await wordsIn(inner, text, codecs)
        const picture = await decodeOpened(
          inner,
          await openPicture(inner, path),
          [],
          statedOfWords(text).exif,
        )
        const { decoded, failures: errors } = await decodeFound(inner, codecs, found, picture)
        const masks = decoded.map(({ mask }) => mask)
        const { widthPx, heightPx } = picture
        return {
          record: {
            ...{ widthPx, heightPx, exif: picture.exif },
            masks: decoded.map(({ words, codec, mask }) => ({
              ...(words.label !== undefined && { label: words.label }),
              ...cocoRleFromMask(mask),
              ...{ area: area(mask), words: words.words, language: words.language, codec: codec.name },
            })),
          },
          files:
            masks.length === 0
              ? []
              : pictureFiles(context, nameOf(name), masks, () => overlayPng(picture, masks)),
          errors,
        }
      },
    })
    const written: string[] = []
    if (options.to !== undefined && options.to !== 'png') {
      const { value, left } = annotations(options.to, done.results.map(annotated))
      for (const [name, text] of value) {
        const file = context.path(join(options.output!, name))
        await ensureFolder(join(file, '..'))
        await writeWhole(file, new TextEncoder().encode(text), io.signal)
        written.push(join(options.output!, name))
      }
      if (left.length > 0) await talk.note(`${options.to} has no place for ${left.join(', ')}: left out`)
      if (options.json !== true) for (const file of written.slice(0, 1)) await context.print(file)
    }
    const masks = done.results.reduce((sum, result) => sum + (result['masks'] as KeptMask[]).length, 0)
    await printMany(context, { ...done, failures: [...failures, ...done.failures] }, said.length, {
      ...{ masks, ...(written.length > 0 && { annotations: written }) },
    })
    return done.code
  } finally {
    for (const codec of codecs.values()) await codec.close()
  }
}

function pictureFiles(
  { options }: DecodeContext,
  name: string,
  masks: readonly Mask[],
  overlay: () => Uint8Array,
): (readonly [string, Uint8Array])[] {
  const pngs: (readonly [string, Uint8Array])[] =
    options.to !== undefined && options.to !== 'png'
      ? []
      : masks.length === 1
        ? [[`${name}.png`, maskToPng(masks[0]!)]]
        : options.split
          ? masks.map((mask, i) => [`${name}-${i + 1}.png`, maskToPng(mask)])
          : [[`${name}.png`, labelMapPng(masks).bytes]]
  return options['no-overlay'] === true ? pngs : [...pngs, [`${name}.overlay.png`, overlay()]]
}

/** Each picture with its words: text files of the same name, or lines of a JSON Lines file that name it. */
async function wordsOf(
  context: DecodeContext,
  count: number,
): Promise<{ said: Said[]; failures: ErrorReport[] }> {
  const { io, args } = context
  const pictures = await picturesOf(context, count)
  const sources = args.slice(count)
  const [source] = sources
  if (sources.length === 1 && /\.jsonl$/i.test(source!)) return await saidInLines(context, pictures, source!)
  const beside = { noun: 'file of words', takes: takesWords }
  const { items } = await itemsOf(context, pictures, sources, beside)
  const said: Said[] = []
  for (const item of items) {
    const texts: string[] = []
    for (const file of item.inputs) {
      const { bytes, name } = await readInput(io, file, MAX_TEXT_BYTES)
      texts.push(decodedText(bytes, name))
    }
    said.push({ ...item, text: texts.join('\n') })
  }
  return { said, failures: [] }
}

/** Lines `{ picture, text }` as `ask` keeps them, or `{ picture, masks: [{ label, words }] }` as `encode` does. */
async function saidInLines(
  context: DecodeContext,
  pictures: PictureList,
  file: string,
): Promise<{ said: Said[]; failures: ErrorReport[] }> {
  const named = new Map<string, string>()
  for (const name of pictures.names)
    for (const key of [basename(name), name]) named.set(key, named.has(key) && key !== name ? '' : name)
  const texts = new Map<string, string>()
  const failures: ErrorReport[] = []
  const lines = jsonLines(context.path(file), {
    file,
    signal: context.io.signal,
    onProblem: ({ message, at }) => failures.push({ code: 'malformed', message, file, ...(at && { at }) }),
  })
  for await (const { value, line } of lines) {
    const name = isRecord(value) ? textIn(value, ['picture', 'image', 'file']) : undefined
    const text = isRecord(value) ? saidIn(value) : undefined
    if (name === undefined || text === undefined) {
      const message = 'a line needs picture, and text or masks with words'
      failures.push({ code: 'malformed', message, file, at: `line ${line}` })
      continue
    }
    const picture = named.get(name) || named.get(basename(name.replaceAll('\\', '/')))
    // The last answer about a picture counts.
    if (picture) texts.set(picture, text)
  }
  if (texts.size === 0) {
    throw new MaskwordsError('not-found', `no line is about one of ${pictures.names.length} pictures`, {
      file,
      hint: `pictures are named like ${pictures.names[0]}`,
    })
  }
  const bare = pictures.names.length - texts.size
  if (bare > 0) await context.talk.note(`${bare} of ${pictures.names.length} pictures have no line`)
  const said = pictures.names.flatMap((picture): Said[] => {
    const text = texts.get(picture)
    return text === undefined ? [] : [{ picture, path: join(pictures.folder, picture), inputs: [], text }]
  })
  for (const failure of failures) await context.talk.failure(failure)
  return { said, failures }
}

const textIn = (value: Record<string, unknown>, keys: readonly string[]): string | undefined =>
  keys.map((key) => value[key]).find((text) => typeof text === 'string')

function saidIn(value: Record<string, unknown>): string | undefined {
  const text = textIn(value, ['text', 'answer', 'response', 'words'])
  const masks = value['masks']
  if (text !== undefined || !Array.isArray(masks)) return text
  return masks
    .flatMap((mask) => (isRecord(mask) && typeof mask['words'] === 'string' ? [mask] : []))
    .map((mask) => `${typeof mask['label'] === 'string' ? `${mask['label']}: ` : ''}${String(mask['words'])}`)
    .join('\n')
}

function annotated(result: KeptResult): AnnotatedPicture {
  const { picture } = result
  const { widthPx, heightPx, exif, masks } = result as unknown as {
    readonly widthPx: number
    readonly heightPx: number
    readonly exif: string
    readonly masks: readonly KeptMask[]
  }
  return {
    ...{ file: picture, widthPx, heightPx },
    ...(exif === 'ignored' && { drawnOn: 'stored' as const }),
    regions: masks.map((mask) => ({ mask: maskFromCocoRle(mask), category: mask.label ?? UNNAMED })),
  }
}

/** Files of annotations by their names. */
function annotations(
  to: NonNullable<DecodeContext['options']['to']>,
  pictures: readonly AnnotatedPicture[],
): Written<ReadonlyMap<string, string>> {
  const one = (name: string, { value, left }: Written<unknown>) => {
    const text = typeof value === 'string' ? value : `${JSON.stringify(value)}\n`
    return { value: new Map([[name, text]]), left }
  }
  switch (to) {
    case 'yolo':
      return writeYolo(pictures)
    case 'cvat':
      return one('annotations.xml', writeCvatXml(pictures))
    case 'label-studio':
      return one('label-studio.json', writeLabelStudio(pictures))
    case 'jsonl':
      return one('data.jsonl', writeRecords(pictures))
    default:
      return one('instances.json', writeCoco(pictures))
  }
}
