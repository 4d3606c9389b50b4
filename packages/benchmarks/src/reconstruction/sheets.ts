// Contact sheets of an evaluation: the chosen masks are read, encoded and decoded again, so that a run need not keep masks.
import type { MaskCodec } from '@maskwords/codecs'
import {
  contactSheet,
  type ReconstructionRow,
  rowsToShow,
  type SheetKind,
  type SheetSample,
} from '@maskwords/eval'
import { pictureToPng } from '@maskwords/mask'
import { truthPictures } from './truth.ts'
import type { PlannedPicture } from './truth-plan.ts'

export type SheetOptions = {
  readonly name: string
  readonly codec: MaskCodec
  readonly rows: readonly ReconstructionRow[]
  readonly planned: readonly PlannedPicture[]
  readonly samples: number
  readonly maxPixels: number | undefined
  readonly signal: AbortSignal
}

const KINDS: readonly SheetKind[] = ['worst', 'median', 'best']

/** The sheets of the worst, median and best masks of a codec, one after the other; none where nothing was decoded. */
export async function* sheetFiles(
  options: SheetOptions,
): AsyncGenerator<{ kind: SheetKind; png: Uint8Array }> {
  for (const kind of KINDS) {
    const rows = rowsToShow(options.rows, kind, options.samples)
    const samples = await samplesOf(rows, options)
    if (samples.length === 0) continue
    const title = `${options.name}: ${samples.length} ${kind} of ${options.rows.length} masks, one a picture`
    yield { kind, png: pictureToPng(contactSheet(title, samples)) }
  }
}

async function samplesOf(rows: readonly ReconstructionRow[], options: SheetOptions): Promise<SheetSample[]> {
  const { codec, planned, maxPixels, signal } = options
  const byPicture = new Map(rows.map((row) => [row.picture, row]))
  const samples = new Map<string, SheetSample>()
  const pictures = truthPictures(
    planned.filter(({ id }) => byPicture.has(id)),
    {
      minShare: 0,
      skipped: { crowd: 0, small: 0, empty: 0 },
      // What cannot be read has been told of already.
      failures: [],
      maxPixels,
      signal,
      onPassed: () => {},
    },
  )
  for await (const picture of pictures) {
    const row = byPicture.get(picture.id)!
    const truth = picture.masks.find(({ id }) => id === row.mask)
    if (truth === undefined) continue
    const image = await codec.encodeImage(picture, { signal })
    const [words] = await codec.encode(image, [truth.mask], { signal })
    const [decoded] = await codec.decode(image, [words!], { signal })
    const { widthPx, heightPx, rgb } = picture
    const outline = row.boundaryF === undefined ? '' : `  boundary F ${row.boundaryF.toFixed(2)}`
    samples.set(picture.id, {
      picture: { widthPx, heightPx, rgb },
      truth: truth.mask,
      decoded: decoded!.mask,
      caption: `IoU ${row.iou.toFixed(3)}${outline}  ${(row.areaShare * 100).toFixed(1)} % of picture  ${picture.id}/${row.mask}`,
    })
  }
  return rows.map((row) => samples.get(row.picture)).filter((sample) => sample !== undefined)
}
