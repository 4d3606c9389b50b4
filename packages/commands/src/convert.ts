// `maskwords convert`: masks from one dialect to another. Column-major and row-major run lengths are never guessed between.

import { extname } from 'node:path'
import {
  counted,
  defineCommand,
  ensureFolder,
  labelList,
  labelMapPng,
  MASK_OPTIONS,
  MaskwordsError,
  masksAsJson,
  type NamedMask,
  PICTURE_OPTIONS,
  parsePicks,
  quotedForShell,
  READ_DIALECTS,
  readMasks,
  refuseSameFile,
  reportFailures,
  WRITE_DIALECTS,
  type WriteDialect,
  writeWhole,
} from '@maskwords/files'
import { area, type Mask, maskToPng, rowMajorBytes } from '@maskwords/mask'
import { withSuffix } from './decode.ts'

export const command = defineCommand({
  spec: {
    name: 'convert',
    summary: 'Convert masks between dialects.',
    details: [
      'coco-rle         {size: [height, width], counts: text}, columns first',
      'coco-counts      the same with plain run lengths',
      'coco-polygon     lists of x, y; exact: filling them as COCO does gives the mask back',
      'cvat-rle         run lengths row by row in a box, then left, top, right, bottom',
      'labelstudio-rle  the brush format of Label Studio',
      'png              one binary PNG a mask',
      'label-map        one grey PNG, values 1, 2, ... in order',
      'raw              one byte a pixel, 0 or 1, row by row',
      'Without -o, JSON and raw bytes go to stdout. A bare list of numbers needs --from: it could be four dialects.',
    ],
    arguments: [{ name: 'in', help: 'mask files or folders, - for stdin', many: true }],
    options: {
      from: {
        type: 'choice',
        choices: READ_DIALECTS,
        help: 'dialect of the input (default auto: told from its content)',
      },
      to: {
        type: 'choice',
        choices: WRITE_DIALECTS,
        help: 'dialect of the output (default: as -o ends: .png png, .json coco-rle, .raw raw)',
      },
      output: {
        type: 'text',
        short: 'o',
        valueName: 'file',
        help: 'where to write; several PNG or raw masks get -1, -2, ... added',
      },
      size: { type: 'size', help: 'size of the picture, for dialects that do not carry one' },
      tolerance: {
        type: 'number',
        min: 0,
        max: 1000,
        help: 'coco-polygon: simplify within this many pixels (default 0: exact)',
      },
      'image-id': MASK_OPTIONS['image-id'],
      pick: MASK_OPTIONS.pick,
      encoding: MASK_OPTIONS.encoding,
      labels: MASK_OPTIONS.labels,
      jobs: MASK_OPTIONS.jobs,
      'max-pixels': PICTURE_OPTIONS['max-pixels'],
    },
    examples: [
      { command: 'maskwords convert mask.png --to coco-rle', note: 'one JSON object on stdout' },
      {
        command: 'maskwords convert instances.json --image-id 9 --to label-map -o 9.png',
        note: 'a label map of one picture',
      },
      {
        command: 'maskwords convert task.json --from labelstudio-rle --to png -o mask.png',
        note: 'out of Label Studio',
      },
      {
        command: 'maskwords convert points.json --from cvat-rle --size 640x480 --to coco-polygon',
        note: 'out of CVAT',
      },
    ],
  },
  async run(context) {
    const { options, io, talk, args } = context
    const { output: out } = options
    const to = options.to ?? dialectOf(out)
    refuseOtherEnding(to, out)
    if (args.filter((name) => name === '-').length > 1)
      throw new MaskwordsError('usage', 'stdin (-) can be read once only')
    const binary = to === 'png' || to === 'label-map' || to === 'raw'
    if (binary && out === undefined && (io.stdout.isTTY || options.json)) {
      throw new MaskwordsError('usage', `${to} is not text: name a file with -o`, {
        hint: '-o - writes the bytes to stdout',
      })
    }
    if (out !== undefined && out !== '-') {
      await refuseSameFile(
        context.path(out),
        args.filter((name) => name !== '-').map((name) => context.path(name)),
      )
    }
    const progress = talk.progress(args.length, 'file')
    const { masks, failures } = await readMasks(io, args, {
      dialect: options.from ?? 'auto',
      imageId: options['image-id'],
      picks: parsePicks(options.pick),
      encoding: options.encoding,
      size: options.size,
      labels: labelList(options),
      maxPixels: options['max-pixels'],
      jobs: options.jobs,
      note: (text) => talk.note(text),
      onFile: (total) => progress.step(total),
    })
    await progress.clear()
    if (masks.length === 0 && failures.length === 0) {
      throw new MaskwordsError('not-found', 'there are no masks in these files', { file: args.join(', ') })
    }
    const files: string[] = []
    if (masks.length > 0) {
      for (const [name, bytes] of await convertedFiles(masks, to, out, options.tolerance ?? 0, (text) =>
        talk.note(text),
      )) {
        if (name === '-') {
          await io.stdout.write(bytes)
          continue
        }
        if (files.length === 0 && name.includes('/'))
          await ensureFolder(context.path(name.slice(0, name.lastIndexOf('/'))))
        await writeWhole(context.path(name), bytes, io.signal)
        files.push(name)
      }
    }
    if (options.json && files.length > 0) {
      await context.printJson({
        to,
        files,
        masks: masks.map(({ label, id, file, at, mask }) => ({
          label,
          id,
          file,
          at,
          size: [mask.heightPx, mask.widthPx],
          area: area(mask),
        })),
        errors: failures,
      })
    } else if (files.length > 0) {
      for (const file of files) await context.print(file)
      await talk.note(`${counted(masks.length, 'mask')} as ${to}`)
    }
    return await reportFailures(context, failures)
  },
})

/** Endings of files in a dialect; the first dialect of an ending is what the ending alone means. */
const ENDINGS: Readonly<Record<WriteDialect, readonly string[]>> = {
  png: ['.png'],
  'label-map': ['.png'],
  'coco-rle': ['.json'],
  'coco-counts': ['.json'],
  'coco-polygon': ['.json'],
  'cvat-rle': ['.json'],
  'labelstudio-rle': ['.json'],
  raw: ['.raw', '.bin'],
}

/** What the ending of the output means. Throws MaskwordsError `usage` where it means nothing. */
function dialectOf(out: string | undefined): WriteDialect {
  const ending = extname(out ?? '').toLowerCase()
  const found = Object.entries(ENDINGS).find(([, endings]) => endings.includes(ending))
  if (found !== undefined) return found[0] as WriteDialect
  throw new MaskwordsError('usage', 'missing --to: the dialect to write', {
    hint: `one of ${WRITE_DIALECTS.join(', ')}`,
  })
}

function refuseOtherEnding(to: WriteDialect, out: string | undefined): void {
  const ending = extname(out ?? '')
  if (out === undefined || ending === '' || ENDINGS[to].includes(ending.toLowerCase())) return
  const fits = WRITE_DIALECTS.filter((dialect) => ENDINGS[dialect].includes(ending.toLowerCase()))
  const other = quotedForShell(`${out.slice(0, -ending.length)}${ENDINGS[to][0]}`)
  throw new MaskwordsError('usage', `--to ${to} writes ${ENDINGS[to].join(' or ')}, and -o names "${out}"`, {
    hint: `-o ${other}${fits.length === 0 ? '' : `, or for ${ending} --to ${fits.join(', ')}`}`,
  })
}

async function convertedFiles(
  masks: readonly NamedMask[],
  to: WriteDialect,
  out: string | undefined,
  tolerancePx: number,
  note: (text: string) => Promise<void>,
): Promise<[name: string, bytes: Uint8Array][]> {
  const target = out ?? '-'
  if (to === 'label-map') {
    const { bytes, overlapPx } = labelMapPng(masks.map((item) => item.mask))
    if (overlapPx > 0) {
      await note(`${counted(overlapPx, 'pixel')} belong to several masks; the later one wins in a label map`)
    }
    return [[target, bytes]]
  }
  if (to === 'png' || to === 'raw') {
    const write = (mask: Mask) => (to === 'png' ? maskToPng(mask) : rowMajorBytes(mask))
    if (masks.length === 1) return [[target, write(masks[0]!.mask)]]
    if (target === '-') {
      throw new MaskwordsError('usage', `${masks.length} masks cannot share stdout as ${to}`, {
        hint: 'name a file with -o; numbers are added',
      })
    }
    return masks.map((item, i) => [withSuffix(target, `-${i + 1}`), write(item.mask)])
  }
  const value = masksAsJson(masks, to, tolerancePx)
  return [[target, new TextEncoder().encode(`${JSON.stringify(value)}\n`)]]
}
