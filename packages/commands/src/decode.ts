// `maskwords decode`: a picture and words to masks, written as PNG with an overlay picture beside, or as COCO RLE.
import { existsSync } from 'node:fs'
import type { ReadPicture, Size } from '@maskwords/files'
import {
  counted,
  decodedText,
  decodeOpened,
  defineCommand,
  duration,
  labelMapPng,
  MAX_TEXT_BYTES,
  MaskwordsError,
  openPicture,
  overlayPng,
  readInput,
  refuseSameFile,
  reportFailures,
  statedOfWords,
  writeWhole,
} from '@maskwords/files'
import { area, cocoRleFromMask, type Mask, maskToPng } from '@maskwords/mask'
import { decodeMany } from './decode-many.ts'
import {
  DECODE_COMMAND_OPTIONS,
  type DecodeContext,
  decodeFound,
  openSpeakers,
  wordsIn,
} from './decode-words.ts'
import { rounded } from './encode.ts'
import { manyPictures } from './many/pictures.ts'

export const command = defineCommand({
  spec: {
    name: 'decode',
    summary: 'Turn words back into masks.',
    details: [
      'Words are found anywhere in the text: a whole answer of a model may be given. Each object is one mask. Words inside',
      'a thought (<think>) are no part of the answer.',
      'Many pictures: a folder or a pattern, and a folder with text files of their names, or a .jsonl file of answers (as ask keeps',
      'them). -o takes a folder: masks and overlays, results.jsonl, and with --to a file of annotations.',
      'Without -o, prints one COCO RLE object a line. With a picture its colours help; --size does without.',
    ],
    arguments: [
      { name: 'picture', help: 'the picture that the words speak of (leave it out with --size)' },
      {
        name: 'words',
        help: 'the words, or a text file that holds them, or - for stdin',
        optional: true,
        many: true,
      },
    ],
    options: DECODE_COMMAND_OPTIONS,
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
      {
        command: 'maskwords decode photos/ words/ --to yolo -o labelled/',
        note: 'every picture, as labels/*.txt and data.yaml',
      },
      { command: 'maskwords decode "<seg><grid_6_8></seg>" --size 640x480', note: 'without a picture' },
    ],
  },
  async run(context) {
    const count = await manyPictures(context)
    if (count !== undefined) return await decodeMany(context, count)
    const { options, talk } = context
    const { pictureFile, wordsSource } = argumentsOf(context)
    const out = options.output
    const targets = await planFiles(context, out, pictureFile)
    const text = await readText(context, wordsSource)
    const codecs = await openSpeakers(context, [text])
    try {
      const found = await wordsIn(context, text, codecs)
      const picture =
        pictureFile === undefined
          ? undefined
          : await decodeOpened(context, await openPicture(context, pictureFile), [], statedOfWords(text).exif)
      const size: Size = picture ?? options.size!
      const { decoded, failures, imageMs, decodeMs } = await decodeFound(
        context,
        codecs,
        found,
        picture ?? { ...size },
      )
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

function argumentsOf(context: DecodeContext): { pictureFile: string | undefined; wordsSource: string } {
  const [first, second, third] = context.args
  const { size, to } = context.options
  if (third !== undefined) throw new MaskwordsError('usage', `"${third}" is one argument too many`)
  if (to !== undefined) {
    throw new MaskwordsError('usage', '--to is of many pictures: name their folder', {
      hint: 'maskwords decode photos/ words/ --to yolo -o labelled/; one mask: maskwords convert mask.png --to ...',
    })
  }
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
