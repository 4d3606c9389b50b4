// The words of one picture's masks: it is encoded once, each view of it (a crop) once, and each mask once. Definition: ours.
import { messageOf } from '@maskwords/base'
import type { EncodedImage, HimtokEncodeOptions, MaskCodec, MaskWords, Pixels } from '@maskwords/codecs'
import type { DataRecord, PictureFile } from '@maskwords/datasets'
import { DataError } from '@maskwords/datasets'
import { iou, type Mask, tightBox, unionAll } from '@maskwords/mask'
import type { FilledPicture, Piece, RegionPiece, TaskConversation } from '../conversation.ts'
import { boxOf } from '../tasks/regions.ts'
import { seedOf } from '../tasks/seeded.ts'
import { countMask, type MaskTally } from './health.ts'
import { copyKey, type Reshape, reshapedPixels } from './picture-copy.ts'
import { type CropView, cropView, type MadePlace, madePicture } from './picture-view.ts'

export type ViewOptions = {
  readonly codec: MaskCodec
  /** The share of masks whose words are read back, drawn by name. */
  readonly readBackShare: number
  readonly readPixels: (path: string, picture: PictureFile) => Promise<Pixels>
}

/** A picture that is shown as another than its file: as it is read, and what is done to it. */
export type ViewedPicture = {
  readonly read: PictureFile
  readonly reshape?: Reshape | undefined
  /** Its format is not one that trainers read from bytes, which is what they are given. */
  readonly isForeign?: boolean
}

/** What is kept of a picture while its records pass: pixels, encodings, and the words of every mask asked for. */
export class PictureViews {
  readonly path: string
  private readonly name: string
  /** Of the record at hand, by `wordsKey`. */
  readonly texts = new Map<string, string>()
  private readonly failures = new Map<string, Error>()
  /** IoU of a mask with what its words say, where they were read back. */
  readonly ious = new Map<string, number>()
  private readonly options: ViewOptions
  private readonly record: DataRecord
  private readonly crops = new Map<string, Promise<CropView>>()
  private readonly images = new Map<string, Promise<EncodedImage>>()
  private readonly viewed: ViewedPicture
  private wholePixels: Promise<Pixels> | undefined
  private whole: Promise<FilledPicture> | undefined

  constructor(options: ViewOptions, path: string, name: string, record: DataRecord, viewed: ViewedPicture) {
    this.options = options
    this.path = path
    this.name = name
    this.record = record
    this.viewed = viewed
  }

  fits({ picture }: DataRecord): boolean {
    const own = this.record.picture
    return (
      picture.widthPx === own.widthPx &&
      picture.heightPx === own.heightPx &&
      picture.turn?.ground === own.turn?.ground
    )
  }

  /** The next record of the picture: its regions have ids of their own. */
  begin(): void {
    this.texts.clear()
    this.failures.clear()
    this.ious.clear()
  }

  pixels(): Promise<Pixels> {
    this.wholePixels ??= this.readPixels()
    return this.wholePixels
  }

  private async readPixels(): Promise<Pixels> {
    const { read, reshape } = this.viewed
    const { file } = read
    try {
      const pixels = await this.options.readPixels(this.path, read)
      return reshape === undefined ? pixels : reshapedPixels(pixels, reshape)
    } catch (error) {
      const said = messageOf(error)
      throw new DataError('io', `the picture ${file} cannot be used: ${said}`, { file, cause: error })
    }
  }

  /** The whole picture as the trainer is given it: its file, or a copy of it where somebody would turn the file or stop at it. */
  shown(place: MadePlace): Promise<FilledPicture> {
    this.whole ??= this.makeWhole(place)
    return this.whole
  }

  private async makeWhole(place: MadePlace): Promise<FilledPicture> {
    const { widthPx, heightPx } = this.record.picture
    const { read, reshape, isForeign = false } = this.viewed
    const key = copyKey(read, reshape, isForeign)
    if (key === undefined) return { file: this.name, widthPx, heightPx }
    return { ...madePicture(`${this.name} ${key}`, await this.pixels(), place), widthPx, heightPx }
  }

  crop(...[use, box, place]: Parameters<typeof this.makeCrop>): Promise<CropView> {
    const key = JSON.stringify([use.margin, use.leastSidePx, use.growToPx, box])
    let crop = this.crops.get(key)
    if (crop === undefined) this.crops.set(key, (crop = this.makeCrop(use, box, place)))
    return crop
  }

  private async makeCrop(
    use: Parameters<typeof cropView>[0]['use'],
    boxXywhPx: Parameters<typeof cropView>[0]['boxXywhPx'],
    place: MadePlace,
  ): Promise<CropView> {
    return cropView({ use, boxXywhPx, name: this.name, pixels: await this.pixels(), place })
  }

  encoded(crop: CropView | undefined): Promise<EncodedImage> {
    const key = crop?.key ?? ''
    let image = this.images.get(key)
    if (image === undefined) this.images.set(key, (image = this.encodeView(crop)))
    return image
  }

  private async encodeView(crop: CropView | undefined): Promise<EncodedImage> {
    const { codec } = this.options
    if (crop !== undefined) return codec.encodeImage(crop.pixels)
    const { widthPx, heightPx } = this.record.picture
    return codec.encodeImage(codec.needsImage ? await this.pixels() : { widthPx, heightPx })
  }

  /** Makes the words of all masks of some conversations that were not made before. Throws for the first that cannot be. */
  async encodeAll(
    pieces: readonly { readonly piece: RegionPiece; readonly crop: CropView | undefined }[],
    record: DataRecord,
    masks: ReadonlyMap<string, Mask>,
    source: number,
    tally: MaskTally,
  ): Promise<void> {
    // One call for each view and length, so that networks see masks together.
    const calls = new Map<
      string,
      { keys: string[]; masks: Mask[]; crop: CropView | undefined; length: number | undefined }
    >()
    const asked = new Set<string>()
    for (const { piece, crop } of pieces) {
      const key = wordsKey(piece, crop?.key)
      if (asked.has(key) || this.texts.has(key) || this.failures.has(key)) continue
      asked.add(key)
      const length = piece.form.as === 'words' ? piece.form.length : undefined
      const name = `${crop?.key ?? ''} ${length}`
      let call = calls.get(name)
      if (call === undefined) calls.set(name, (call = { keys: [], masks: [], crop, length }))
      const union = unionOf(record, piece.regions, masks)
      call.keys.push(key)
      call.masks.push(crop === undefined ? union : crop.cut(union))
    }
    for (const { keys, masks: parts, crop, length } of calls.values()) {
      const image = await this.encoded(crop)
      const words = await encodeEach(this.options.codec, image, parts, length)
      const back: { key: string; mask: Mask; text: string }[] = []
      words.forEach((one, at) => {
        const [key, mask] = [keys[at]!, parts[at]!]
        if ('text' in one) {
          this.texts.set(key, one.text)
          countMask(tally.health, mask, one, this.options.codec.vocabulary)
          const isDrawn = seedOf(0, 'read-back', record.id, key) < this.options.readBackShare * 2 ** 32
          if (isDrawn) back.push({ key, mask, text: one.text })
        } else this.failures.set(key, one)
      })
      await this.readBack(back, image, source, tally)
    }
    for (const { piece, crop } of pieces) {
      const failure = this.failures.get(wordsKey(piece, crop?.key))
      if (failure !== undefined) throw failure
    }
  }

  /** What words say, beside the masks that they were made of. */
  private async readBack(
    said: readonly { key: string; mask: Mask; text: string }[],
    image: EncodedImage,
    source: number,
    tally: MaskTally,
  ): Promise<void> {
    for (let from = 0; from < said.length; from += MASKS_A_CALL) {
      const group = said.slice(from, from + MASKS_A_CALL)
      const decoded = await this.options.codec.decode(
        image,
        group.map(({ text }) => text),
      )
      group.forEach(({ key, mask }, at) => {
        const value = iou(mask, decoded[at]!.mask)
        this.ious.set(key, value)
        tally.readBack(source, mask, value)
      })
    }
  }
}

/** The pieces of a conversation that are said in words, each with the crop that it is seen in. */
export function spokenPieces(
  conversation: TaskConversation,
  crops: readonly (CropView | undefined)[],
): { readonly piece: RegionPiece; readonly crop: CropView | undefined }[] {
  return piecesOf(conversation).flatMap((piece) =>
    typeof piece !== 'string' && 'regions' in piece && piece.form.as === 'words'
      ? [{ piece, crop: crops[piece.picture ?? 0] }]
      : [],
  )
}

export function piecesOf(conversation: TaskConversation): Piece[] {
  const pieces = conversation.turns.flatMap((turn) => [...turn.pieces])
  const { truth } = conversation
  if (truth !== undefined) pieces.push(...truth.pieces, ...(truth.previous ?? []))
  return pieces
}

/** What decides the words of a piece: its regions, its form, and the view that it is seen in. */
export function wordsKey({ regions, form, picture = 0 }: RegionPiece, crop?: string): string {
  return JSON.stringify([regions, form, crop ?? picture])
}

export function hasPixels(regions: readonly string[], masks: ReadonlyMap<string, Mask>): boolean {
  return regions.length > 0 && regions.every((id) => masks.has(id))
}

export function unionOf(
  record: DataRecord,
  regions: readonly string[],
  masks: ReadonlyMap<string, Mask>,
): Mask {
  const parts = regions.map((id) => {
    const mask = masks.get(id)
    if (mask === undefined) throw new DataError('bad-file', `region ${id} of record ${record.id} has no mask`)
    return mask
  })
  const { widthPx, heightPx } = record.picture
  return parts.length === 1 ? parts[0]! : unionAll(parts, { widthPx, heightPx })
}

export function boxOfUnion(
  record: DataRecord,
  ids: readonly string[],
  masks: ReadonlyMap<string, Mask>,
): readonly [number, number, number, number] {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const id of ids) {
    const region = record.regions.find((one) => one.id === id)
    const mask = masks.get(id)
    const box =
      region === undefined ? undefined : (boxOf(region, record.picture) ?? (mask && boxOfMask(mask)))
    if (box === undefined) throw new DataError('bad-file', `region ${id} of record ${record.id} has no box`)
    x0 = Math.min(x0, box[0])
    y0 = Math.min(y0, box[1])
    x1 = Math.max(x1, box[0] + box[2])
    y1 = Math.max(y1, box[1] + box[3])
  }
  return [x0, y0, x1 - x0, y1 - y0]
}

function boxOfMask(mask: Mask): readonly [number, number, number, number] {
  const { x, y, width, height } = tightBox(mask)
  return [x, y, width, height]
}

const MASKS_A_CALL = 16

/** Words of masks; where the call fails, of each by itself, so that a bad mask does not take its neighbours along. */
export async function encodeEach(
  codec: MaskCodec,
  image: EncodedImage,
  masks: readonly Mask[],
  length?: number,
): Promise<(MaskWords | Error)[]> {
  const call: HimtokEncodeOptions = length === undefined ? {} : { length }
  const out: (MaskWords | Error)[] = []
  for (let from = 0; from < masks.length; from += MASKS_A_CALL) {
    const group = masks.slice(from, from + MASKS_A_CALL)
    try {
      out.push(...(await codec.encode(image, group, call)))
    } catch (error) {
      if (group.length === 1) out.push(error instanceof Error ? error : new Error(String(error)))
      else for (const mask of group) out.push(...(await encodeEach(codec, image, [mask], length)))
    }
  }
  return out
}
