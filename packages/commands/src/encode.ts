// `maskwords encode`: a picture and its masks to words.

import { type EncodedImage, type MaskCodec, type MaskWords, WEAK_IOU } from '@maskwords/codecs'
import type { Context, Loaded, NamedMask } from '@maskwords/files'
import {
  CODEC_OPTIONS,
  counted,
  defineCommand,
  duration,
  ENCODE_OPTIONS,
  isTypedError,
  loadPictureAndMasks,
  loadWithMasks,
  located,
  MASK_OPTIONS,
  openCodec,
  PICTURE_OPTIONS,
  printable,
  refuseSameFile,
  reportFailures,
  reportOf,
  throwIfAborted,
  writeWhole,
} from '@maskwords/files'
import { iou } from '@maskwords/mask'
import { vocabularyName } from '@maskwords/words'
import { itemsOf, manyPictures, named, picturesOf, stemsOf, takesMasks } from './many/pictures.ts'
import { printMany, runMany, settingsOf } from './many/run-many.ts'

const OPTIONS = {
  output: {
    type: 'text',
    short: 'o',
    valueName: 'words.txt',
    endings: ['.txt'],
    help: 'the words, a line a mask (default: stdout); of many pictures: a folder',
  },
  ...CODEC_OPTIONS,
  ...ENCODE_OPTIONS,
  ...MASK_OPTIONS,
  ...PICTURE_OPTIONS,
} as const

export const command = defineCommand({
  spec: {
    name: 'encode',
    summary: 'Turn the masks of a picture into words.',
    details: [
      'Prints one line a mask: its words, after "label: " where there are several masks.',
      'A mask file is a PNG (binary, soft, alpha, label map, palette), COCO / CVAT / Label Studio / labelme JSON,',
      'CVAT XML, or a folder of such files; - is stdin.',
      'Many pictures: a folder or a pattern in the place of the picture, and a folder with masks of their names, or one file of',
      'annotations for all. -o takes a folder: a text file for each picture, and results.jsonl. Run again, it goes on where it was.',
    ],
    arguments: [
      { name: 'picture', help: 'JPEG, PNG, WebP, AVIF, TIFF or GIF; a folder or "photos/*.jpg"' },
      { name: 'mask', many: true, help: 'mask files or folders' },
    ],
    options: OPTIONS,
    examples: [
      { command: 'maskwords encode photo.jpg mask.png', note: 'the words of one mask' },
      { command: 'maskwords encode photo.jpg labels.png --labels 3,7', note: 'two regions of a label map' },
      {
        command: 'maskwords encode 000000000009.jpg instances.json --json',
        note: 'all annotations of that picture in a COCO file',
      },
      {
        command: 'maskwords encode photos/ masks/ -o words/',
        note: 'every picture of a folder, with the masks of its name',
      },
      {
        command: 'cat mask.png | maskwords encode photo.jpg - --n 64',
        note: 'the mask from stdin, a finer grid',
      },
    ],
  },
  async run(context) {
    const count = await manyPictures(context)
    if (count !== undefined) return await encodeMany(context, count)
    const { options, io, talk } = context
    const { output } = options
    if (output !== undefined) await refuseInputs(context, output)
    const codec = await openCodec(context)
    try {
      const said = await encodePicture(context, codec, await loadPictureAndMasks(context))
      const { loaded, results, lines, failures, imageMs, encodeMs } = said
      const { picture, name, masks } = loaded
      if (options.codec === undefined) await talk.note(codecNote(codec))
      const code = await reportFailures(context, failures)
      if (output !== undefined && lines.length > 0)
        await writeWhole(context.path(output), textOf(lines), io.signal)
      if (options.json) {
        await context.printJson({
          codec: codec.name,
          language: codec.vocabulary.kind,
          picture: { file: name, widthPx: picture.widthPx, heightPx: picture.heightPx, exif: picture.exif },
          masks: results,
          ...(output !== undefined && lines.length > 0 && { files: [output] }),
          times: { imageMs: rounded(imageMs), encodeMs: rounded(encodeMs) },
          errors: failures,
        })
      } else {
        if (output === undefined) for (const line of lines) await context.print(line)
        else if (lines.length > 0) await context.print(output)
        if (masks.length > 1)
          await talk.note(
            `${lines.length} of ${masks.length + failures.length} masks in ${duration(encodeMs)}`,
          )
      }
      return code
    } finally {
      await codec.close()
    }
  },
})

type EncodeContext = Context<typeof OPTIONS>

const codecNote = (codec: MaskCodec): string =>
  `${codec.name}, words ${vocabularyName(codec.vocabulary)} (--codec names another)`

const textOf = (lines: readonly string[]): Uint8Array =>
  new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))

/** The words of each mask of each picture, a text file a picture. */
async function encodeMany(context: EncodeContext, count: number): Promise<0 | 1> {
  const { options, args, talk } = context
  const pictures = await picturesOf(context, count)
  const { items, shared } = await itemsOf(context, pictures, args.slice(count), {
    noun: 'mask',
    takes: takesMasks,
  })
  const parsed = new Map<string, unknown>(shared.map((file) => [file, undefined]))
  const nameOf = stemsOf(items)
  const codec = await openCodec(context)
  try {
    if (options.codec === undefined) await talk.note(codecNote(codec))
    const done = await runMany(context, {
      command: 'encode',
      items,
      settings: [codec.name, settingsOf(options)],
      async work(item, inner) {
        const { picture, path, inputs } = item
        const read = await loadWithMasks(inner, path, inputs, parsed)
        const masks = named(read.masks, item)
        const { results, lines, failures, loaded } = await encodePicture(inner, codec, {
          ...read,
          masks,
        })
        const { widthPx, heightPx, exif } = loaded.picture
        return {
          record: { widthPx, heightPx, exif, codec: codec.name, masks: results },
          files: [[`${nameOf(picture)}.txt`, textOf(lines)]],
          errors: failures,
        }
      },
    })
    const masks = done.results.flatMap((result) => result['masks'] as { readonly iou?: number }[])
    const ious = masks.flatMap(({ iou: value }) => value ?? [])
    const weak = ious.filter((value) => value < WEAK_IOU).length
    if (weak > 0)
      await talk.note(
        `the words of ${weak} of ${counted(ious.length, 'mask')} read back with an IoU below ${WEAK_IOU}: they say another mask`,
      )
    await printMany(context, done, items.length, { masks: masks.length })
    return done.code
  } finally {
    await codec.close()
  }
}

/** Refuses to write over a file that is read. */
async function refuseInputs(context: EncodeContext, output: string): Promise<void> {
  const inputs = context.args.filter((name) => name !== '-').map((name) => context.path(name))
  await refuseSameFile(context.path(output), inputs)
}

/** The words of the masks of one picture, each with what it reads back as; the masks that failed. */
async function encodePicture(context: EncodeContext, codec: MaskCodec, loaded: Loaded) {
  const { io, talk } = context
  const { picture, masks } = loaded
  const failures = [...loaded.failures]
  const started = performance.now()
  const image = await codec.encodeImage(picture, { signal: io.signal })
  const imageMs = performance.now() - started
  const progress = talk.progress(masks.length, 'mask')
  const results: Record<string, unknown>[] = []
  const lines: string[] = []
  const said: { readonly label: string; readonly iou: number }[] = []
  // Labels stand where several masks were asked for, whether all of them can be said or not.
  const several = masks.length + failures.length > 1
  for (let from = 0; from < masks.length; from += MASKS_A_CALL) {
    throwIfAborted(io.signal)
    const group = masks.slice(from, from + MASKS_A_CALL)
    const answers = await encodeGroup(codec, image, group, io.signal)
    const ious = await readBack(codec, image, group, answers, io.signal)
    for (const [i, item] of group.entries()) {
      const answer = answers[i]!
      progress.step()
      if ('error' in answer) {
        failures.push(reportOf(located(answer.error, item.file, item.at)))
        continue
      }
      const { text, codes, tokens, bits } = answer.words
      const { label, id, file, at } = item
      const back = ious[i]
      if (back !== undefined) said.push({ label, iou: back })
      results.push({
        ...{ label, id, file, at, words: text, codes: [...codes], tokens, bits },
        ...(back !== undefined && { iou: back }),
      })
      const line = text.replaceAll('\n', ' ')
      lines.push(several ? `${lineLabel(label)}: ${line}` : line)
    }
    // Lets Ctrl-C and the progress line through between two calls.
    await new Promise(setImmediate)
  }
  await progress.clear()
  const weak = said.filter((one) => one.iou < WEAK_IOU)
  if (weak.length > 0) await talk.note(weakNote(weak, said.length))
  const encodeMs = performance.now() - started - imageMs
  return { loaded, results, lines, failures, imageMs, encodeMs }
}

/** Masks that go to the codec in one call: enough for a network to work on several at once, few enough to show progress. */
const MASKS_A_CALL = 16

type Answer = { readonly words: MaskWords } | { readonly error: unknown }

/** Words of some masks; where the call fails, of each by itself, so that a bad mask does not take its neighbours along. */
async function encodeGroup(
  codec: MaskCodec,
  image: EncodedImage,
  group: readonly NamedMask[],
  signal: AbortSignal,
): Promise<Answer[]> {
  const encode = (items: readonly NamedMask[]) =>
    codec.encode(
      image,
      items.map((item) => item.mask),
      { signal },
    )
  try {
    return (await encode(group)).map((words) => ({ words }))
  } catch (error) {
    if (!isTypedError(error) || signal.aborted) throw error
    if (group.length === 1) return [{ error }]
    const answers: Answer[] = []
    for (const item of group) answers.push(...(await encodeGroup(codec, image, [item], signal)))
    return answers
  }
}

/** Labels of weak masks that are named. */
const NAMED_WEAK = 5

function weakNote(weak: readonly { readonly label: string; readonly iou: number }[], all: number): string {
  const named = weak
    .slice(0, NAMED_WEAK)
    .map(({ label, iou: value }) => `${lineLabel(label)} ${value.toFixed(2)}`)
  const more = weak.length > NAMED_WEAK ? ', ...' : ''
  return `the words of ${weak.length} of ${counted(all, 'mask')} read back with an IoU below ${WEAK_IOU} (${named.join(', ')}${more}): they say another mask. Small regions are said better in a crop of the picture; maskwords roundtrip shows what is lost`
}

/**
 * IoU of masks with what their words say. Undefined for GETok: its words are points for a segmenter, and reading them without one
 * takes many times what finding them does (roundtrip does it).
 */
async function readBack(
  codec: MaskCodec,
  image: EncodedImage,
  group: readonly NamedMask[],
  answers: readonly Answer[],
  signal: AbortSignal,
): Promise<readonly (number | undefined)[]> {
  if (codec.vocabulary.kind === 'getok') return []
  const said = answers.flatMap((answer, at) => ('words' in answer ? [{ at, text: answer.words.text }] : []))
  const decoded = await codec.decode(
    image,
    said.map(({ text }) => text),
    { signal },
  )
  const ious: (number | undefined)[] = []
  for (const [k, { at }] of said.entries()) ious[at] = iou(group[at]!.mask, decoded[k]!.mask)
  return ious
}

/** A label as it may stand before the colon of a line: no line breaks, no colon, no words of the language. */
export function lineLabel(label: string): string {
  return (
    printable(label)
      .replace(/[:<>[\]]/g, ' ')
      .trim() || 'mask'
  )
}

/** Milliseconds with two decimals: more would be noise. */
export function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}
