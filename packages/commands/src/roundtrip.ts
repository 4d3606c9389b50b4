// `maskwords roundtrip`: masks to words and back, with what was lost: IoU, boundary F, tokens, bits, times, a picture.

import type { MaskCodec } from '@maskwords/codecs'
import type { Context, NamedMask, ReadPicture, Talk } from '@maskwords/files'
import {
  CODEC_OPTIONS,
  DECODE_OPTIONS,
  defineCommand,
  duration,
  ENCODE_OPTIONS,
  type ErrorReport,
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
  sideBySidePng,
  tableLines,
  throwIfAborted,
  writeWhole,
} from '@maskwords/files'
import { boundaryF, iou, type Mask } from '@maskwords/mask'
import { rounded } from './encode.ts'
import { itemsOf, manyPictures, named, picturesOf, stemsOf, takesMasks } from './many/pictures.ts'
import { printMany, runMany, settingsOf } from './many/run-many.ts'

const OPTIONS = {
  output: {
    type: 'text',
    short: 'o',
    valueName: 'out.png',
    endings: ['.png'],
    help: 'a picture: truth, reconstruction and difference side by side; of many pictures: a folder',
  },
  ...CODEC_OPTIONS,
  ...ENCODE_OPTIONS,
  ...DECODE_OPTIONS,
  ...MASK_OPTIONS,
  ...PICTURE_OPTIONS,
} as const

export const command = defineCommand({
  spec: {
    name: 'roundtrip',
    summary: 'Masks to words and back: how much of each mask survives, and what it costs.',
    details: [
      'IoU is intersection over union of the pixels. Boundary F is the F measure of the contours, matched within',
      '0.8 % of the diagonal. Encode and decode times are apart; the one pass over the picture is on its own.',
      'Many pictures: as encode. -o takes a folder: a side-by-side picture of each, and results.jsonl with the numbers.',
    ],
    arguments: [
      { name: 'picture', help: 'JPEG, PNG, WebP, AVIF, TIFF or GIF; a folder or "photos/*.jpg"' },
      { name: 'mask', many: true, help: 'mask files or folders' },
    ],
    options: OPTIONS,
    examples: [
      {
        command: 'maskwords roundtrip photo.jpg mask.png -o side-by-side.png',
        note: 'a table, and a picture of the loss',
      },
      {
        command: 'maskwords roundtrip photo.jpg labels.png --n 64 --refine',
        note: 'a finer grid with offset words',
      },
      {
        command: 'maskwords roundtrip 000000000009.jpg instances.json --json',
        note: 'numbers for every annotation',
      },
    ],
  },
  async run(context) {
    const count = await manyPictures(context)
    if (count !== undefined) return await roundtripMany(context, count)
    const { options, io, talk } = context
    const out = options.output
    if (out !== undefined) {
      await refuseSameFile(
        context.path(out),
        context.args.filter((name) => name !== '-').map((name) => context.path(name)),
      )
    }
    const codec = await openCodec(context)
    try {
      const { picture, name, masks, failures } = await loadPictureAndMasks(context)
      const result = await roundtrip(codec, picture, masks, talk, io.signal)
      failures.push(...result.failures)
      const { rows } = result
      if (out !== undefined && rows.length > 0) {
        await writeWhole(context.path(out), sheetOf(picture, rows), io.signal)
      }
      const mean = meanOf(rows)
      if (options.json) {
        await context.printJson({
          codec: codec.name,
          language: codec.vocabulary.kind,
          picture: { file: name, widthPx: picture.widthPx, heightPx: picture.heightPx, exif: picture.exif },
          masks: rows.map(rowJson),
          ...(mean && { mean }),
          times: { imageMs: rounded(result.imageMs) },
          ...(out !== undefined && { files: [out] }),
          errors: failures,
        })
      } else if (rows.length > 0) {
        for (const line of tableText(rows, mean)) await context.print(line)
        await talk.note(`${codec.name}; one pass over the picture: ${duration(result.imageMs)}`)
        if (out !== undefined) await context.print(out)
        else await talk.note('-o side-by-side.png writes a picture of truth, reconstruction and difference')
      }
      return await reportFailures(context, failures)
    } finally {
      await codec.close()
    }
  },
})

const sheetOf = (picture: ReadPicture, rows: readonly RoundtripRow[]): Uint8Array =>
  sideBySidePng(
    picture,
    rows.map((row) => ({ label: row.item.label, truth: row.item.mask, decoded: row.decoded })),
  )

const rowJson = (row: RoundtripRow) => ({
  label: row.item.label,
  id: row.item.id,
  file: row.item.file,
  at: row.item.at,
  words: row.words,
  codes: row.codes,
  tokens: row.tokens,
  bits: row.bits,
  iou: row.iou,
  boundaryF: row.boundaryF,
  encodeMs: rounded(row.encodeMs),
  decodeMs: rounded(row.decodeMs),
})

type PictureRow = {
  readonly picture: string
  readonly masks: readonly Omit<ReturnType<typeof rowJson>, 'file'>[]
}

/** The round trip of each picture's masks, and the means of each and of all masks together. */
async function roundtripMany(context: Context<typeof OPTIONS>, count: number): Promise<0 | 1> {
  const { options, args } = context
  const pictures = await picturesOf(context, count)
  const beside = { noun: 'mask', takes: takesMasks }
  const { items, shared } = await itemsOf(context, pictures, args.slice(count), beside)
  const parsed = new Map<string, unknown>(shared.map((file) => [file, undefined]))
  const nameOf = stemsOf(items)
  const codec = await openCodec(context)
  try {
    const done = await runMany(context, {
      command: 'roundtrip',
      items,
      settings: [codec.name, settingsOf(options)],
      async work(item, inner) {
        const { picture: name, path, inputs } = item
        const { picture, masks, failures } = await loadWithMasks(inner, path, inputs, parsed)
        const { rows, failures: lost } = await roundtrip(
          codec,
          picture,
          named(masks, item),
          inner.talk,
          inner.io.signal,
        )
        return {
          record: { codec: codec.name, masks: rows.map(rowJson) },
          files: rows.length === 0 ? [] : [[`${nameOf(name)}.png`, sheetOf(picture, rows)]],
          errors: [...failures, ...lost],
        }
      },
    })
    const rows = done.results as unknown as PictureRow[]
    const all = rows.flatMap(({ masks }) => masks)
    const mean = meanOf(all)
    if (!options.json && mean !== undefined) {
      const line = (
        name: string,
        masks: PictureRow['masks'],
        { iou: overlap, boundaryF: f, tokens }: Mean,
      ) => [printable(name), String(masks.length), overlap.toFixed(3), f.toFixed(3), tokens.toFixed(1)]
      const cells = rows.flatMap(({ picture, masks }) => {
        const own = meanOf(masks)
        return own === undefined ? [] : [line(picture, masks, own)]
      })
      const columns = ['picture', 'masks', 'IoU', 'boundary F', 'tokens']
      const table = tableLines(
        columns.map((title, i) => ({ title, align: i === 0 ? 'left' : 'right' })),
        [...cells, line('mean of all masks', all, mean)],
      )
      for (const text of table) await context.print(text)
    }
    await printMany(context, done, items.length, { masks: all.length, ...(mean && { mean }) })
    return done.code
  } finally {
    await codec.close()
  }
}

export type RoundtripRow = {
  readonly item: NamedMask
  readonly decoded: Mask
  readonly words: string
  readonly codes: readonly number[]
  readonly tokens: number
  readonly bits: number
  readonly iou: number
  readonly boundaryF: number
  readonly encodeMs: number
  readonly decodeMs: number
}

/** Encodes and decodes each mask, one after the other so that the times are those of one mask. */
export async function roundtrip(
  codec: MaskCodec,
  picture: Pick<ReadPicture, 'widthPx' | 'heightPx' | 'rgb'>,
  masks: readonly NamedMask[],
  talk: Talk,
  signal: AbortSignal,
): Promise<{ rows: RoundtripRow[]; failures: ErrorReport[]; imageMs: number }> {
  const started = performance.now()
  const image = await codec.encodeImage(picture, { signal })
  const imageMs = performance.now() - started
  const rows: RoundtripRow[] = []
  const failures: ErrorReport[] = []
  const progress = talk.progress(masks.length, 'mask')
  for (const item of masks) {
    throwIfAborted(signal)
    try {
      const encodeStart = performance.now()
      const [words] = await codec.encode(image, [item.mask], { signal })
      const decodeStart = performance.now()
      const [decoded] = await codec.decode(image, [words!.text], { signal })
      const end = performance.now()
      rows.push({
        item,
        decoded: decoded!.mask,
        words: words!.text,
        codes: [...words!.codes],
        tokens: words!.tokens,
        bits: words!.bits,
        iou: iou(item.mask, decoded!.mask),
        boundaryF: boundaryF(decoded!.mask, item.mask).f,
        encodeMs: decodeStart - encodeStart,
        decodeMs: end - decodeStart,
      })
    } catch (error) {
      if (!isTypedError(error)) throw error
      failures.push(reportOf(located(error, item.file, item.at)))
    }
    progress.step()
    await new Promise(setImmediate)
  }
  await progress.clear()
  return { rows, failures, imageMs }
}

type Mean = {
  readonly tokens: number
  readonly bits: number
  readonly iou: number
  readonly boundaryF: number
}

function meanOf(rows: readonly Mean[]): Mean | undefined {
  if (rows.length === 0) return undefined
  const mean = (pick: (row: Mean) => number) => rows.reduce((sum, row) => sum + pick(row), 0) / rows.length
  return {
    tokens: mean((row) => row.tokens),
    bits: mean((row) => row.bits),
    iou: mean((row) => row.iou),
    boundaryF: mean((row) => row.boundaryF),
  }
}

/** The table of a round trip, with a line of means where there are several masks. */
export function tableText(rows: readonly RoundtripRow[], mean = meanOf(rows)): string[] {
  const cells = rows.map((row) => [
    printable(row.item.label),
    row.iou.toFixed(3),
    row.boundaryF.toFixed(3),
    String(row.tokens),
    row.bits.toFixed(0),
    duration(row.encodeMs),
    duration(row.decodeMs),
  ])
  if (rows.length > 1 && mean !== undefined) {
    cells.push([
      'mean',
      mean.iou.toFixed(3),
      mean.boundaryF.toFixed(3),
      mean.tokens.toFixed(1),
      mean.bits.toFixed(0),
      '',
      '',
    ])
  }
  const columns = ['mask', 'IoU', 'boundary F', 'tokens', 'bits', 'encode', 'decode']
  return tableLines(
    columns.map((title, i) => ({ title, align: i === 0 ? 'left' : 'right' })),
    cells,
  )
}
