// What one worker does: the survey of some records for the plan, and the records' conversations with their masks in words.
// A picture's records come together, so that it is encoded once. Definition: ours.
import type { EncodedImage, HimtokEncodeOptions, MaskCodec, MaskWords, Pixels } from '@maskwords/codecs'
import { type Mask, tightBox, unionAll } from '@maskwords/mask'
import type {
  FilledConversation,
  FilledPicture,
  Piece,
  RegionForm,
  RegionPiece,
  Task,
  TaskConversation,
} from '../conversation.ts'
import { DataError } from '../error.ts'
import { fileExists } from '../paths.ts'
import type { DataProblem, DataRecord } from '../record.ts'
import { type LabelMapCache, labelMapCache } from '../region-mask.ts'
import { fillConversation } from '../tasks/fill.ts'
import { geometryText } from '../tasks/geometry-text.ts'
import { boxOf } from '../tasks/regions.ts'
import { seedOf } from '../tasks/seeded.ts'
import { checkRecord } from './check-record.ts'
import { countMask, emptyHealth, type Health, lengthBin, TextCounter } from './health.ts'
import { type CropView, cropView, pictureKind } from './picture-view.ts'
import { copiesOf, isFractional, type Share, sampleKey } from './sampling.ts'
import { type RecordPlace, SpoolReader } from './spool.ts'

export type EngineSource = {
  readonly root: string
  readonly picturePrefix: string
  readonly weightPercent: number
  readonly categories: readonly string[]
  /** Whether records without their picture go. */
  readonly dropMissing: boolean
}

export type EngineTask = {
  readonly task: Task
  readonly settings: Readonly<Record<string, number | string | boolean>>
}

export type EngineOptions = {
  readonly spoolFile: string
  readonly sources: readonly EngineSource[]
  readonly tasks: readonly EngineTask[]
  readonly seed: number
  readonly emptyThink: boolean
  readonly pictures: 'path' | 'bytes'
  readonly codec: MaskCodec
  /** A picture's pixels as the masks were drawn on them: without EXIF orientation unless the size says so. */
  readonly readPixels: (path: string, size: { widthPx: number; heightPx: number }) => Promise<Pixels>
  /** Where crops are written, and what stands before their names in the files; absent where bytes are embedded. */
  readonly crops?: { readonly folder: string; readonly prefix: string }
}

/** What the plan learns from some records. */
export type SurveyPart = {
  /** Conversations by source and task, as `source/task`. */
  readonly conversations: [name: string, count: number][]
  /** Keys of the conversations of sources with a broken share, by source. */
  readonly keys: [source: number, keys: Float64Array][]
  readonly problems: [kind: string, count: number][]
  readonly withoutConversations: number
  /** Masks that will be encoded, places where one stands in a text, characters of text. */
  readonly masks: number
  readonly maskPlaces: number
  readonly characters: number
  /** Masks that were encoded to learn how many tokens one takes. */
  readonly triedMasks: number
  readonly triedTokens: number
}

/** A conversation worth a look: where its record is, and a key by which some are drawn. */
export type Candidate = { readonly key: number; readonly place: RecordPlace; readonly id: string }

export type FilledBatch = {
  readonly conversations: readonly FilledConversation[]
  readonly problems: readonly DataProblem[]
  readonly health: Health
  readonly candidates: readonly Candidate[]
  readonly ms: number
}

/** Candidates that a batch hands on: as many as the report shows. */
export const CANDIDATES = 12
/** Masks that survey encodes for its estimate, about, over the whole run. */
export const TRIED_MASKS = 200
const MASKS_A_CALL = 16

export class Engine {
  private readonly options: EngineOptions
  private readonly spool: SpoolReader
  private readonly cache: LabelMapCache = labelMapCache()

  constructor(options: EngineOptions) {
    this.options = options
    this.spool = new SpoolReader(options.spoolFile)
  }

  /** What the records will give. `regions`: of the whole run, by which the share of tried masks is set. */
  async survey(places: readonly RecordPlace[], regions: number): Promise<SurveyPart> {
    const { options } = this
    const conversations = new TextCounter()
    const problems = new TextCounter()
    const keys = new Map<number, number[]>()
    let [withoutConversations, masks, maskPlaces, characters, triedMasks, triedTokens] = [0, 0, 0, 0, 0, 0]
    for (const place of places) {
      const source = options.sources[place.source]!
      const opened = this.open(place, false)
      for (const problem of opened.problems) problems.add(problem.kind)
      const { record } = opened
      if (record === undefined) continue
      const { made } = opened
      if (made.length === 0) withoutConversations++
      const seen = new Set<string>()
      for (const conversation of made) {
        conversations.add(`${place.source}/${conversation.task}`)
        if (isFractional(source.weightPercent)) {
          const list = keys.get(place.source) ?? []
          list.push(sampleKey(options.seed, place.source, conversation.id))
          keys.set(place.source, list)
        }
        for (const piece of piecesOf(conversation)) {
          if (typeof piece === 'string') characters += piece.length
          if (typeof piece === 'string' || !('regions' in piece)) continue
          maskPlaces++
          seen.add(wordsKey(piece))
        }
      }
      masks += seen.size
      if (options.codec.needsImage || options.codec.vocabulary.kind !== 'getok') continue
      for (const [id, mask] of opened.masks) {
        if (seedOf(options.seed, 'try', record.id, id) * regions >= TRIED_MASKS * 2 ** 32) continue
        const words = await this.encode(await options.codec.encodeImage(record.picture), [mask], undefined)
        triedMasks++
        triedTokens += 'tokens' in words[0]! ? words[0].tokens : 0
      }
    }
    return {
      conversations: conversations.value(),
      problems: problems.value(),
      keys: [...keys].map(([source, list]) => [source, Float64Array.from(list)]),
      withoutConversations,
      masks,
      maskPlaces,
      characters,
      triedMasks,
      triedTokens,
    }
  }

  /** The records' conversations, filled; a record or conversation that cannot be made is a problem and nothing more. */
  async fill(
    places: readonly RecordPlace[],
    shares: readonly Share[],
    signal?: AbortSignal,
  ): Promise<FilledBatch> {
    const started = performance.now()
    const batch = new BatchUnderWay(this.options.codec.vocabulary.wordCount)
    let view: PictureViews | undefined
    for (const place of places) {
      signal?.throwIfAborted()
      const source = this.options.sources[place.source]!
      const opened = this.open(place, true)
      batch.opened(opened)
      const { record } = opened
      if (record === undefined) continue
      const path = `${source.root}/${record.picture.file}`
      if (view?.path !== path || !view.fits(record)) {
        if (view?.path !== path) batch.health.pictures++
        view = new PictureViews(this, path, source.picturePrefix + record.picture.file, record)
      }
      view.begin()
      for (const conversation of opened.made) {
        const copies = copiesOf(shares[place.source]!, this.options.seed, place.source, conversation.id)
        if (copies > 0)
          await this.fillOne(conversation, { ...opened, record, place, source, copies }, view, batch)
      }
    }
    return batch.value(performance.now() - started)
  }

  /** One conversation again, with its masks and words apart: for pictures of it. Undefined where it cannot be made. */
  async look(place: RecordPlace, id: string): Promise<Look | undefined> {
    const source = this.options.sources[place.source]!
    const opened = this.open(place, true)
    const { record } = opened
    const conversation = opened.made.find((one) => one.id === id)
    if (record === undefined || conversation === undefined) return undefined
    const batch = new BatchUnderWay(this.options.codec.vocabulary.wordCount)
    const { file } = record.picture
    const view = new PictureViews(this, `${source.root}/${file}`, source.picturePrefix + file, record)
    await this.fillOne(conversation, { ...opened, record, place, source, copies: 1 }, view, batch)
    const [filled] = batch.conversations
    if (filled === undefined) return undefined
    const pieces = piecesOf(conversation).filter(
      (piece): piece is RegionPiece =>
        typeof piece !== 'string' && 'regions' in piece && (piece.picture ?? 0) === 0,
    )
    const unions = new Map(
      pieces.filter((piece) => piece.form.as === 'words').map((piece) => [wordsKey(piece), piece]),
    )
    const masks: Mask[] = []
    const texts: string[] = []
    for (const [key, piece] of unions) {
      masks.push(unionOf(record, piece.regions, opened.masks))
      texts.push(view.texts.get(key)!)
    }
    const pixels = await view.pixels().catch(() => undefined)
    const image = await view.encoded(undefined).catch(() => undefined)
    const decoded =
      image === undefined || texts.length === 0
        ? []
        : await this.options.codec.decode(image, texts).catch(() => [])
    return {
      conversation: filled,
      record,
      masks,
      decoded: decoded.map(({ mask }) => mask),
      ...(pixels && { pixels }),
    }
  }

  /** A record, checked, with the conversations of all tasks; whatever goes wrong with it costs it alone. */
  private open(place: RecordPlace, files: boolean): Opened {
    try {
      return this.openRecord(place, files)
    } catch (error) {
      const file = `source ${place.source}`
      const message = `the record at byte ${place.offset} of the spool cannot be used: ${messageOf(error)}`
      return { ...NOTHING, problems: [{ kind: 'bad-field', message, file }] }
    }
  }

  private openRecord(place: RecordPlace, files: boolean): Opened {
    const source = this.options.sources[place.source]!
    const read = this.spool.record(place)
    const { id, dataset, picture } = read
    if (source.dropMissing && !fileExists(source.root, picture.file)) {
      const message = `record ${id}: there is no picture ${picture.file}`
      return { ...NOTHING, problems: [{ kind: 'missing-picture', message, file: dataset, at: id }] }
    }
    const { options } = this
    if (options.pictures === 'bytes' && pictureKind(`${source.root}/${picture.file}`) === undefined) {
      const message = `record ${id}: ${picture.file} is neither JPEG nor PNG, which trainers read from bytes`
      return { ...NOTHING, problems: [{ kind: 'bad-field', message, file: dataset, at: id }] }
    }
    const checked = checkRecord(read, { root: source.root, cache: this.cache, files })
    const problems = [...checked.problems]
    const made: TaskConversation[] = []
    for (const { task, settings } of options.tasks) {
      try {
        made.push(
          ...task.build(checked.record, {
            seed: options.seed,
            settings,
            categories: source.categories,
            language: options.codec.vocabulary.kind,
          }),
        )
      } catch (error) {
        const message = `record ${id}: task ${task.name} cannot make conversations of it: ${messageOf(error)}`
        problems.push({ kind: 'bad-field', message, file: dataset, at: id })
      }
    }
    return { ...checked, problems, made }
  }

  private async fillOne(
    conversation: TaskConversation,
    from: Opened & { record: DataRecord; place: RecordPlace; source: EngineSource; copies: number },
    view: PictureViews,
    batch: BatchUnderWay,
  ): Promise<void> {
    const { record, place, source, copies, masks } = from
    const { options } = this
    try {
      const crops = await Promise.all(
        conversation.pictures.map((use) =>
          use.crop === undefined
            ? undefined
            : view.crop(use.crop, boxOfUnion(record, use.crop.regions, masks), options.crops),
        ),
      )
      const pictures = crops.map((crop): FilledPicture => {
        const { file, widthPx, heightPx } = record.picture
        if (crop === undefined) return { file: source.picturePrefix + file, widthPx, heightPx }
        const { bytes } = crop
        return { file: crop.file, widthPx: crop.widthPx, heightPx: crop.heightPx, ...(bytes && { bytes }) }
      })
      await view.encodeAll(conversation, record, masks, crops, batch.health)
      const wordsOf = (regions: readonly string[], form: RegionForm, picture: number): string => {
        if (form.as === 'words')
          return view.texts.get(wordsKey({ regions, form, picture }, crops[picture]?.key))!
        const crop = crops[picture]
        const whole = hasPixels(regions, masks) ? unionOf(record, regions, masks) : undefined
        const mask = whole === undefined || crop === undefined ? whole : crop.cut(whole)
        const box = boxOfUnion(record, regions, masks)
        const { kind } = options.codec.vocabulary
        return geometryText({
          form,
          picture: crop ?? record.picture,
          mask,
          boxXywhPx: crop === undefined ? box : crop.cutBox(box),
          language: kind,
          ...(options.codec.vocabulary.kind === 'getok' && { cells: options.codec.vocabulary.gridSize }),
        })
      }
      const filled = fillConversation(conversation, {
        record,
        wordsOf,
        pictures,
        emptyThink: options.emptyThink,
      })
      for (let copy = 1; copy <= copies; copy++) {
        batch.add(copy === 1 ? filled : { ...filled, id: `${filled.id}#${copy}` }, place.source)
      }
      const hasMasks = piecesOf(conversation).some((piece) => typeof piece !== 'string' && 'regions' in piece)
      const key = seedOf(options.seed, 'look', place.source, conversation.id) + (hasMasks ? 0 : 2 ** 32)
      batch.candidates.push({ key, place, id: conversation.id })
      batch.countDuplicate(filled)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      const isMissing = error instanceof DataError && error.code === 'io'
      const kind = isMissing ? 'missing-picture' : 'bad-field'
      const message = `conversation ${conversation.id} is left out: ${messageOf(error)}`
      batch.problem(kind, message, record.dataset, conversation.id)
      batch.health.lostConversations++
    }
  }

  async pixelsOf(path: string, record: DataRecord): Promise<Pixels> {
    const { widthPx, heightPx } = record.picture
    try {
      return await this.options.readPixels(path, { widthPx, heightPx })
    } catch (error) {
      throw new DataError('io', `the picture ${record.picture.file} cannot be used: ${messageOf(error)}`, {
        file: record.picture.file,
        cause: error,
      })
    }
  }

  get codec(): MaskCodec {
    return this.options.codec
  }

  /** Words of masks; where the call fails, of each by itself, so that a bad mask does not take its neighbours along. */
  async encode(
    image: EncodedImage,
    masks: readonly Mask[],
    length: number | undefined,
  ): Promise<(MaskWords | Error)[]> {
    const call: HimtokEncodeOptions = length === undefined ? {} : { length }
    const out: (MaskWords | Error)[] = []
    for (let from = 0; from < masks.length; from += MASKS_A_CALL) {
      const group = masks.slice(from, from + MASKS_A_CALL)
      try {
        out.push(...(await this.codec.encode(image, group, call)))
      } catch (error) {
        if (group.length === 1) out.push(error instanceof Error ? error : new Error(String(error)))
        else for (const mask of group) out.push(...(await this.encode(image, [mask], length)))
      }
    }
    return out
  }

  async close(): Promise<void> {
    this.spool.close()
    await this.options.codec.close()
  }
}

/** A conversation to look at: filled, its masks, the same masks read back from the words, and pixels where there are any. */
export type Look = {
  readonly conversation: FilledConversation
  readonly record: DataRecord
  readonly masks: readonly Mask[]
  readonly decoded: readonly Mask[]
  readonly pixels?: Pixels
}

type Opened = {
  readonly record?: DataRecord
  readonly masks: Map<string, Mask>
  readonly problems: readonly DataProblem[]
  readonly lostTexts: number
  readonly duplicates: number
  readonly made: readonly TaskConversation[]
}

const NOTHING = { masks: new Map<string, Mask>(), lostTexts: 0, duplicates: 0, made: [] }

/** What is kept of a picture while its records pass: pixels, encodings, and the words of every mask asked for. */
class PictureViews {
  readonly path: string
  private readonly name: string
  /** Of the record at hand, by `wordsKey`. */
  readonly texts = new Map<string, string>()
  private readonly failures = new Map<string, Error>()
  private readonly engine: Engine
  private readonly record: DataRecord
  private readonly crops = new Map<string, Promise<CropView>>()
  private readonly images = new Map<string, Promise<EncodedImage>>()
  private wholePixels: Promise<Pixels> | undefined

  constructor(engine: Engine, path: string, name: string, record: DataRecord) {
    this.engine = engine
    this.path = path
    this.name = name
    this.record = record
  }

  fits({ picture }: DataRecord): boolean {
    const own = this.record.picture
    return picture.widthPx === own.widthPx && picture.heightPx === own.heightPx
  }

  /** The next record of the picture: its regions have ids of their own. */
  begin(): void {
    this.texts.clear()
    this.failures.clear()
  }

  pixels(): Promise<Pixels> {
    this.wholePixels ??= this.engine.pixelsOf(this.path, this.record)
    return this.wholePixels
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
    place: EngineOptions['crops'],
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
    const { codec } = this.engine
    if (crop !== undefined) return codec.encodeImage(crop.pixels)
    const { widthPx, heightPx } = this.record.picture
    return codec.encodeImage(codec.needsImage ? await this.pixels() : { widthPx, heightPx })
  }

  /** Makes the words of all masks of a conversation that were not made before. Throws for the first that cannot be. */
  async encodeAll(
    conversation: TaskConversation,
    record: DataRecord,
    masks: ReadonlyMap<string, Mask>,
    crops: readonly (CropView | undefined)[],
    health: Health,
  ): Promise<void> {
    const wanted = new Map<string, { piece: RegionPiece; crop: CropView | undefined }>()
    for (const piece of piecesOf(conversation)) {
      if (typeof piece === 'string' || !('regions' in piece) || piece.form.as !== 'words') continue
      const crop = crops[piece.picture ?? 0]
      const key = wordsKey(piece, crop?.key)
      const failure = this.failures.get(key)
      if (failure !== undefined) throw failure
      if (!this.texts.has(key)) wanted.set(key, { piece, crop })
    }
    // One call for each view and length, so that networks see masks together.
    const calls = new Map<
      string,
      { keys: string[]; masks: Mask[]; crop: CropView | undefined; length: number | undefined }
    >()
    for (const [key, { piece, crop }] of wanted) {
      const length = piece.form.as === 'words' ? piece.form.length : undefined
      const name = `${crop?.key ?? ''} ${length}`
      let call = calls.get(name)
      if (call === undefined) calls.set(name, (call = { keys: [], masks: [], crop, length }))
      const union = unionOf(record, piece.regions, masks)
      call.keys.push(key)
      call.masks.push(crop === undefined ? union : crop.cut(union))
    }
    let first: Error | undefined
    for (const { keys, masks: parts, crop, length } of calls.values()) {
      const words = await this.engine.encode(await this.encoded(crop), parts, length)
      words.forEach((one, at) => {
        if ('text' in one) {
          this.texts.set(keys[at]!, one.text)
          countMask(health, parts[at]!, one, this.engine.codec.vocabulary)
        } else {
          this.failures.set(keys[at]!, one)
          first ??= one
        }
      })
    }
    if (first !== undefined) throw first
  }
}

class BatchUnderWay {
  readonly conversations: FilledConversation[] = []
  readonly candidates: Candidate[] = []
  readonly health: Health
  private readonly problems: DataProblem[] = []
  private readonly lost = new TextCounter()
  private readonly byTask = new TextCounter()
  private readonly categories = new TextCounter()
  private readonly phrases = new TextCounter()
  private readonly seen = new Set<string>()

  constructor(words: number) {
    this.health = emptyHealth(words)
  }

  problem(kind: DataProblem['kind'], message: string, file: string, at?: string): void {
    this.problems.push({ kind, message, file, ...(at === undefined ? {} : { at }) })
    this.lost.add(kind)
  }

  opened(opened: Opened): void {
    for (const problem of opened.problems) {
      this.problems.push(problem)
      this.lost.add(problem.kind)
    }
    const { health } = this
    health.records++
    health.lostTexts += opened.lostTexts
    health.duplicateMasks += opened.duplicates
    if (opened.record === undefined) return
    health.regions += opened.record.regions.length
    for (const { category } of opened.record.regions)
      if (category !== undefined) this.categories.add(category)
    for (const { text } of opened.record.phrases) this.phrases.add(text)
  }

  add(conversation: FilledConversation, source: number): void {
    this.conversations.push(conversation)
    this.byTask.add(`${source}/${conversation.task}`)
    const characters = conversation.turns.reduce((sum, turn) => sum + turn.text.length, 0)
    this.health.conversationLengths[lengthBin(characters)]!++
  }

  /** Two samples that say the same of the same picture. */
  countDuplicate({ pictures, turns }: FilledConversation): void {
    const key = JSON.stringify([pictures[0]?.file, turns.map((turn) => turn.text)])
    if (this.seen.has(key)) this.health.duplicateConversations++
    this.seen.add(key)
  }

  value(ms: number): FilledBatch {
    const health: Health = {
      ...this.health,
      lost: this.lost.value(),
      conversations: this.byTask.value(),
      categories: this.categories.value(),
      phrases: this.phrases.value(),
    }
    const { conversations, problems } = this
    return { conversations, problems, health, candidates: lowest(this.candidates), ms }
  }
}

/** The candidates with the lowest keys, ties by id. */
export function lowest(candidates: readonly Candidate[]): Candidate[] {
  return [...candidates]
    .sort((a, b) => a.key - b.key || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .slice(0, CANDIDATES)
}

function piecesOf(conversation: TaskConversation): Piece[] {
  const pieces = conversation.turns.flatMap((turn) => [...turn.pieces])
  if (conversation.truth !== undefined) pieces.push(...conversation.truth.pieces)
  return pieces
}

/** What decides the words of a piece: its regions, its form, and the view that it is seen in. */
function wordsKey({ regions, form, picture = 0 }: RegionPiece, crop?: string): string {
  return JSON.stringify([regions, form, crop ?? picture])
}

function hasPixels(regions: readonly string[], masks: ReadonlyMap<string, Mask>): boolean {
  return regions.length > 0 && regions.every((id) => masks.has(id))
}

function unionOf(record: DataRecord, regions: readonly string[], masks: ReadonlyMap<string, Mask>): Mask {
  const parts = regions.map((id) => {
    const mask = masks.get(id)
    if (mask === undefined) throw new DataError('bad-file', `region ${id} of record ${record.id} has no mask`)
    return mask
  })
  const { widthPx, heightPx } = record.picture
  return parts.length === 1 ? parts[0]! : unionAll(parts, { widthPx, heightPx })
}

function boxOfUnion(
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
