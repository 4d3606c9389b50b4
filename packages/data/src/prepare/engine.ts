// What one worker does: the survey of some records for the plan, and the records' conversations with their masks in words.
// A picture's records come together, so that it is encoded once. Definition: ours.
import { messageOf } from '@maskwords/base'
import type { MaskCodec, Pixels } from '@maskwords/codecs'
import type { DataProblem, DataRecord, PictureFile } from '@maskwords/datasets'
import { DataError, fileExists, type LabelMapCache, labelMapCache } from '@maskwords/datasets'
import { cocoRleFromMask, type Mask } from '@maskwords/mask'
import type {
  FilledConversation,
  FilledPicture,
  RegionForm,
  RegionPiece,
  Task,
  TaskConversation,
} from '../conversation.ts'
import { fillConversation } from '../tasks/fill.ts'
import { geometryText } from '../tasks/geometry-text.ts'
import { seedOf } from '../tasks/seeded.ts'
import { checkRecord, withoutRegions } from './check-record.ts'
import { BatchUnderWay, type FilledBatch, type Opened } from './filled-batch.ts'
import { TextCounter } from './health.ts'
import { reshapedRecord } from './picture-copy.ts'
import { limitsOf, type PictureLimit, type RepairMode, repairOf } from './picture-limits.ts'
import { pictureKind } from './picture-view.ts'
import {
  boxOfUnion,
  encodeEach,
  hasPixels,
  PictureViews,
  piecesOf,
  spokenPieces,
  unionOf,
  wordsKey,
} from './picture-words.ts'
import { SAMPLED_MASKS } from './read-back.ts'
import { copiesOf, isFractional, type Share, sampleKey } from './sampling.ts'
import { type RecordPlace, SpoolReader } from './spool.ts'

/** A source as the engine takes it: a reader with its options, tasks and weight. */
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

/** What one run of the engine does: sources, tasks, writer, seed, places. */
export type EngineOptions = {
  readonly spoolFile: string
  readonly sources: readonly EngineSource[]
  readonly tasks: readonly EngineTask[]
  readonly seed: number
  readonly emptyThink: boolean
  /** Whether truths hold the masks themselves, too. */
  readonly truthMasks: boolean
  readonly pictures: 'path' | 'bytes'
  readonly codec: MaskCodec
  /** A picture's pixels as its masks lie on them (`turn`), of the size that the record says. */
  readonly readPixels: (path: string, picture: PictureFile) => Promise<Pixels>
  /** The writer, which says at which pictures its trainer stops, and what is done to these; without it they are only said. */
  readonly writer: string
  readonly repair?: RepairMode
  /** Regions of the whole run, and regions and labels that are left out, as in the configuration. */
  readonly regions: number
  readonly minShare?: number
  readonly minIou?: number
  /** Where crops and copies are written, and what stands before their names in the files; absent where bytes are embedded. */
  readonly crops?: { readonly folder: string; readonly prefix: string }
}

/** What the plan learns from some records. */
export type SurveyPart = {
  /** Conversations by source and task, as `source/task`. */
  readonly conversations: [name: string, count: number][]
  /** Keys of the conversations of sources with a broken share, by source. */
  readonly keys: [source: number, keys: Float64Array][]
  readonly problems: [kind: string, count: number][]
  /** The first of them, MOST_REASONS at most. */
  readonly reasons: readonly DataProblem[]
  /** Pictures that EXIF turns, as `source/ground/by`, and those at which the trainer stops, as `source/limit`. */
  readonly pictures: [name: string, count: number][]
  readonly withoutConversations: number
  /** Masks that will be encoded, places where one stands in a text, characters of text. */
  readonly masks: number
  readonly maskPlaces: number
  readonly characters: number
  /** Masks that were encoded to learn how many tokens one takes. */
  readonly triedMasks: number
  readonly triedTokens: number
}

/** Problems of some records that the plan may show. */
const MOST_REASONS = 20

/** Masks that survey encodes for its estimate, about, over the whole run. */
export const TRIED_MASKS = 200

/** Reads, builds, encodes and writes: what `prepare` runs in one process or several. */
export class Engine {
  private readonly options: EngineOptions
  private readonly spool: SpoolReader
  private readonly cache: LabelMapCache = labelMapCache()
  private readonly limits: readonly PictureLimit[]
  private readonly readBackShare: number

  constructor(options: EngineOptions) {
    this.options = options
    this.limits = limitsOf(options.writer)
    this.spool = new SpoolReader(options.spoolFile)
    // Drawing GETok's points costs many times what finding them does: a sample tells enough, unless each label is judged.
    const isSampled = options.codec.vocabulary.kind === 'getok' && options.minIou === undefined
    this.readBackShare = isSampled ? Math.min(1, SAMPLED_MASKS / Math.max(1, options.regions)) : 1
  }

  /** What the records will give. `regions`: of the whole run, by which the share of tried masks is set. */
  async survey(places: readonly RecordPlace[], regions: number): Promise<SurveyPart> {
    const { options } = this
    const conversations = new TextCounter()
    const problems = new TextCounter()
    const pictures = new TextCounter()
    let lastPicture = ''
    const keys = new Map<number, number[]>()
    const reasons: DataProblem[] = []
    let [withoutConversations, masks, maskPlaces, characters, triedMasks, triedTokens] = [0, 0, 0, 0, 0, 0]
    for (const place of places) {
      const source = options.sources[place.source]!
      const opened = this.open(place, false)
      for (const problem of opened.problems) {
        if (problem.isKept === true) continue
        problems.add(problem.kind)
        if (reasons.length < MOST_REASONS) reasons.push(problem)
      }
      const { record, viewed } = opened
      const name = `${place.source}/${viewed?.read.file}`
      if (viewed !== undefined && name !== lastPicture) {
        const { turn } = viewed.read
        if (turn !== undefined) pictures.add(`${place.source}/${turn.ground}/${turn.by}`)
        for (const { kind } of this.limits.filter((limit) => limit.breaks(viewed.read)))
          pictures.add(`${place.source}/${kind}`)
        lastPicture = name
      }
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
        const words = await encodeEach(options.codec, await options.codec.encodeImage(record.picture), [mask])
        triedMasks++
        triedTokens += 'tokens' in words[0]! ? words[0].tokens : 0
      }
    }
    return {
      conversations: conversations.value(),
      problems: problems.value(),
      reasons,
      pictures: pictures.value(),
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
        view = this.viewOf(opened, source)
      }
      view.begin()
      const copies = (conversation: TaskConversation) =>
        copiesOf(shares[place.source]!, this.options.seed, place.source, conversation.id)
      const from = { ...opened, record, place }
      const wanted = opened.made.filter((conversation) => copies(conversation) > 0)
      const made = await this.withoutWeak(wanted, from, view, batch)
      for (const conversation of made) {
        const times = copies(conversation)
        if (times > 0) await this.fillOne(conversation, { ...from, copies: times }, view, batch)
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
    const view = this.viewOf(opened, source)
    await this.fillOne(conversation, { ...opened, record, place, copies: 1 }, view, batch)
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

  private viewOf(opened: Opened, source: EngineSource): PictureViews {
    const record = opened.record!
    const { file } = record.picture
    const { codec, readPixels } = this.options
    const { readBackShare } = this
    return new PictureViews(
      { codec, readPixels, readBackShare },
      `${source.root}/${file}`,
      source.picturePrefix + file,
      record,
      opened.viewed!,
    )
  }

  /**
   * The conversations of a record without the regions whose words say another mask. Tasks that show a region enlarged keep theirs:
   * the words of the enlarged view are judged, when they are made.
   */
  private async withoutWeak(
    made: readonly TaskConversation[],
    from: Opened & { record: DataRecord; place: RecordPlace },
    view: PictureViews,
    batch: BatchUnderWay,
  ): Promise<readonly TaskConversation[]> {
    const { record, place, masks } = from
    const { minIou } = this.options
    if (minIou === undefined) return made
    const plain = made.filter(({ pictures }) => pictures.every(({ crop }) => crop === undefined))
    const pieces = plain.flatMap((conversation) => spokenPieces(conversation, []))
    const known = pieces.filter(({ piece }) => hasPixels(piece.regions, masks))
    // What fails here fails again, and is said, where its conversation is filled.
    await view.encodeAll(known, record, masks, place.source, batch).catch(() => {})
    const weak = new Map<string, number>()
    for (const { piece } of known) {
      const iou = view.ious.get(wordsKey(piece))
      const [id] = piece.regions
      if (iou !== undefined && iou < minIou && piece.regions.length === 1) weak.set(id!, iou)
    }
    if (weak.size === 0) return made
    for (const [id, iou] of weak) {
      const message = `region ${id} of record ${record.id}: its words read back with an IoU of ${iou.toFixed(2)}: left out (--min-iou ${minIou})`
      batch.problem('weak-words', message, record.dataset, `${record.id}, region ${id}`)
    }
    const lost = record.regions.filter(({ id }) => weak.has(id))
    const { record: rest, lostTexts } = withoutRegions(record, lost)
    batch.health.lostTexts += lostTexts
    const enlarged = made.filter((conversation) => !plain.includes(conversation))
    const again = this.conversationsOf(rest, place).made
    const isPlain = ({ pictures }: TaskConversation) => pictures.every(({ crop }) => crop === undefined)
    return [...again.filter(isPlain), ...enlarged]
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
    const { minShare } = options
    let checked = checkRecord(read, { root: source.root, cache: this.cache, files, minShare })
    const problems = [...checked.problems]
    const broken = this.limits.filter((limit) => limit.breaks(picture))
    const repair = options.repair === undefined ? undefined : repairOf(picture, this.limits, options.repair)
    if (broken.length > 0) {
      const says = broken.map((limit) => limit.says).join('; ')
      const is = `record ${id}: ${picture.file} is ${picture.widthPx} x ${picture.heightPx}: ${says}`
      const message =
        repair === undefined
          ? `${is}: ${options.writer} stops there; --repair-pictures pad, resize or skip`
          : repair.as === 'skip'
            ? `${is}: left out`
            : `${is}: made ${repair.widthPx} x ${repair.heightPx} (${repair.as})`
      const isLost = repair?.as === 'skip'
      problems.push({ kind: 'wrong-size', message, file: dataset, at: id, ...(!isLost && { isKept: true }) })
      if (isLost) return { ...NOTHING, problems, viewed: { read: picture } }
    }
    const reshape = repair?.as === 'skip' ? undefined : repair
    if (reshape !== undefined)
      checked = { ...checked, ...reshapedRecord(checked.record, checked.masks, reshape) }
    // Trainers read JPEG and PNG from bytes: other formats are embedded as PNG.
    const isForeign =
      options.pictures === 'bytes' && pictureKind(`${source.root}/${picture.file}`) === undefined
    const viewed = { read: picture, reshape, isForeign }
    const { made, problems: faults } = this.conversationsOf(checked.record, place)
    return { ...checked, problems: [...problems, ...faults], made, viewed }
  }

  /** What the tasks make of a record. */
  private conversationsOf(
    record: DataRecord,
    place: RecordPlace,
  ): { made: TaskConversation[]; problems: DataProblem[] } {
    const { options } = this
    const { id, dataset } = record
    const made: TaskConversation[] = []
    const problems: DataProblem[] = []
    for (const { task, settings } of options.tasks) {
      try {
        made.push(
          ...task.build(record, {
            seed: options.seed,
            settings,
            categories: options.sources[place.source]!.categories,
            language: options.codec.vocabulary.kind,
          }),
        )
      } catch (error) {
        const message = `record ${id}: task ${task.name} cannot make conversations of it: ${messageOf(error)}`
        problems.push({ kind: 'bad-field', message, file: dataset, at: id })
      }
    }
    return { made, problems }
  }

  private async fillOne(
    conversation: TaskConversation,
    from: Opened & { record: DataRecord; place: RecordPlace; copies: number },
    view: PictureViews,
    batch: BatchUnderWay,
  ): Promise<void> {
    const { record, place, copies, masks } = from
    const { options } = this
    try {
      const crops = await Promise.all(
        conversation.pictures.map((use) =>
          use.crop === undefined
            ? undefined
            : view.crop(use.crop, boxOfUnion(record, use.crop.regions, masks), options.crops),
        ),
      )
      const pictures = await Promise.all(
        crops.map(async (crop): Promise<FilledPicture> => {
          if (crop === undefined) return view.shown(options.crops)
          const { file, bytes, widthPx, heightPx } = crop
          return { file, widthPx, heightPx, ...(bytes && { bytes }) }
        }),
      )
      const spoken = spokenPieces(conversation, crops)
      await view.encodeAll(spoken, record, masks, place.source, batch)
      const weak = this.weakLabel(spoken, view)
      if (weak !== undefined) {
        const message = `conversation ${conversation.id} is left out: ${weak}`
        batch.problem('weak-words', message, record.dataset, conversation.id)
        batch.health.lostConversations++
        return
      }
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
      const rleOf = (regions: readonly string[]) => cocoRleFromMask(unionOf(record, regions, masks))
      const filled = fillConversation(conversation, {
        record,
        wordsOf,
        pictures,
        emptyThink: options.emptyThink,
        ...(options.truthMasks && { rleOf }),
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

  /** Why a conversation is left out for the words of one of its masks; of an enlarged region the enlarged view counts. */
  private weakLabel(spoken: ReturnType<typeof spokenPieces>, view: PictureViews): string | undefined {
    const { minIou } = this.options
    if (minIou === undefined) return undefined
    const enlarged = new Set(
      spoken.flatMap(({ piece, crop }) => (crop === undefined ? [] : [piece.regions.join()])),
    )
    for (const { piece, crop } of spoken) {
      if (crop === undefined && enlarged.has(piece.regions.join())) continue
      const iou = view.ious.get(wordsKey(piece, crop?.key))
      if (iou === undefined || iou >= minIou) continue
      return `the words of ${piece.regions.length === 1 ? 'its region' : 'its regions'} ${piece.regions.join(', ')} read back with an IoU of ${iou.toFixed(2)} (--min-iou ${minIou})`
    }
    return undefined
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

const NOTHING = { masks: new Map<string, Mask>(), lostTexts: 0, duplicates: 0, made: [] }
