// `maskwords encode`: a picture and its masks to words.

import { type EncodedImage, type MaskCodec, type MaskWords, WEAK_IOU } from '@maskwords/codecs'
import type { NamedMask } from '@maskwords/files'
import {
  CODEC_OPTIONS,
  counted,
  defineCommand,
  duration,
  ENCODE_OPTIONS,
  isTypedError,
  loadPictureAndMasks,
  located,
  MASK_OPTIONS,
  openCodec,
  PICTURE_OPTIONS,
  printable,
  reportFailures,
  reportOf,
  throwIfAborted,
} from '@maskwords/files'
import { iou } from '@maskwords/mask'
import { vocabularyName } from '@maskwords/words'

export const command = defineCommand({
  spec: {
    name: 'encode',
    summary: 'Turn the masks of a picture into words.',
    details: [
      'Prints one line a mask: its words, after "label: " where there are several masks.',
      'A mask file is a PNG (binary, soft, alpha, label map, palette), COCO / CVAT / Label Studio / labelme JSON,',
      'CVAT XML, or a folder of such files; - is stdin.',
    ],
    arguments: [
      { name: 'picture', help: 'JPEG, PNG, WebP, AVIF, TIFF or GIF' },
      { name: 'mask', many: true, help: 'mask files or folders' },
    ],
    options: { ...CODEC_OPTIONS, ...ENCODE_OPTIONS, ...MASK_OPTIONS, ...PICTURE_OPTIONS },
    examples: [
      { command: 'maskwords encode photo.jpg mask.png', note: 'the words of one mask' },
      { command: 'maskwords encode photo.jpg labels.png --labels 3,7', note: 'two regions of a label map' },
      {
        command: 'maskwords encode 000000000009.jpg instances.json --json',
        note: 'all annotations of that picture in a COCO file',
      },
      {
        command: 'cat mask.png | maskwords encode photo.jpg - --n 64',
        note: 'the mask from stdin, a finer grid',
      },
    ],
  },
  async run(context) {
    const { options, io, talk } = context
    const codec = await openCodec(context)
    try {
      const { picture, name, masks, failures } = await loadPictureAndMasks(context)
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
      const encodeMs = performance.now() - started - imageMs
      if (options.codec === undefined)
        await talk.note(`${codec.name}, words ${vocabularyName(codec.vocabulary)} (--codec names another)`)
      const weak = said.filter((one) => one.iou < WEAK_IOU)
      if (weak.length > 0) await talk.note(weakNote(weak, said.length))
      const code = await reportFailures(context, failures)
      if (options.json) {
        await context.printJson({
          codec: codec.name,
          language: codec.vocabulary.kind,
          picture: { file: name, widthPx: picture.widthPx, heightPx: picture.heightPx, exif: picture.exif },
          masks: results,
          times: { imageMs: rounded(imageMs), encodeMs: rounded(encodeMs) },
          errors: failures,
        })
      } else {
        for (const line of lines) await context.print(line)
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
