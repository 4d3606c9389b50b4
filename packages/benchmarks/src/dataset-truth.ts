// Samples from a published dataset's folder: the records of its reader (@maskwords/data), one sample a phrase, a round, a
// picture or a question.
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { namesHint } from '@maskwords/base'
import {
  DataError,
  type DataRecord,
  type DialogueTurn,
  fileExists,
  holdsTables,
  jsonItems,
  type LabelMapCache,
  labelMapCache,
  type OwnData,
  type Phrase,
  READERS,
  type Reader,
  type Region,
  readerByName,
  recogniseData,
  regionMask,
  unionOfRegions,
} from '@maskwords/datasets'
import type { BoxXyxyPx, SceneGraphVocabulary } from '@maskwords/eval'
import type { Context } from '@maskwords/files'
import { type ErrorReport, isTypedError, MaskwordsError, reportOf } from '@maskwords/files'
import type { Mask } from '@maskwords/mask'
import type { AnswerQuestion, MaskedText, SampleKind, Truth, TruthOptions, TruthSample } from './truth.ts'

type Options = TruthOptions & { readonly root: string }

/** Which part is meant where none is named: readers would give the training part. */
const EVALUATED_SPLITS = ['val', 'valid', 'val2017', 'val2014', 'test']

/** Reads all samples of a dataset's folder. Throws MaskwordsError for an unknown dataset, DataError for a wrong layout. */
export async function readDatasetTruth(context: Context, options: Options): Promise<Truth> {
  const { path, kind } = options
  // A folder that has a dataset's name is that dataset: refcocog/ needs no option.
  const own = await sourceOf(context, options)
  const { reader: dataset, root } = own
  const reader = readerByName(dataset)
  if (reader === undefined) {
    throw new MaskwordsError('unsupported', `folders of "${dataset}" are not read here`, {
      file: path,
      hint: `${namesHint(dataset, Object.keys(READERS), (near) => `--dataset ${near}`)}; or give a file of truth in JSON Lines`,
    })
  }
  const samples: TruthSample[] = []
  const failures: ErrorReport[] = []
  const seen = new Set<string>()
  let doubts = 0
  const maps = labelMapCache()
  const split = options.split ?? (await evaluatedSplit(context, reader, own))
  if (options.split === undefined && split !== undefined)
    await context.talk.note(`${dataset}: split ${split}`)
  const records = reader.read({
    root,
    ...(own.annotations === undefined ? {} : { annotations: own.annotations }),
    missingPictures: 'keep',
    ...(split !== undefined && { split }),
    signal: context.io.signal,
    onProblem: ({ kind: code, message, file, at, isKept }) => {
      if (isKept === true) doubts++
      else failures.push({ code, message, file, ...(at !== undefined && { at }) })
    },
  })
  for await (const record of records) {
    for (const make of drafts(record, { kind, root, maps })) {
      try {
        const sample = make()
        if (seen.has(sample.id)) {
          throw new MaskwordsError('ambiguous', `two samples are named ${JSON.stringify(sample.id)}`, {
            file: path,
            at: record.id,
          })
        }
        seen.add(sample.id)
        samples.push(sample)
      } catch (error) {
        if (!isTypedError(error)) throw error
        failures.push(reportOf(error))
      }
    }
  }
  if (doubts > 0) {
    const things = doubts === 1 ? 'thing' : 'things'
    await context.talk.note(
      `${dataset}: ${doubts} ${things} looked wrong and cost nothing; prepare --plan names them`,
    )
  }
  const vocabulary = kind === 'relations' ? await sceneVocabulary(context, root) : undefined
  const pictures = reader.pictures?.(root)
  return {
    samples,
    failures,
    root,
    ...(pictures !== undefined && { pictureBytes: (picture) => pictures.bytes(picture) }),
    ...(vocabulary !== undefined && { vocabulary }),
  }
}

/**
 * Which reader reads what lies at the path: the one that was named, that of the folder's name, tables, the benchmark's usual one,
 * and where its files are not there, whatever the folder or file is known as.
 */
async function sourceOf(context: Context, options: Options): Promise<OwnData> {
  const { root, dataset, usual, split } = options
  const isFile = statSync(root, { throwIfNoEntry: false })?.isFile() === true
  if (isFile) return recogniseData(root)
  // Published datasets come as tables, too, whatever they are of.
  if (holdsTables(root)) return { reader: 'hub', root }
  // A folder that has a dataset's name is that dataset: refcocog/ needs no option.
  const named = dataset ?? (readerByName(basename(root)) ? basename(root) : undefined)
  if (named !== undefined) return { reader: named, root }
  const asUsual = { reader: usual, root }
  const reader = readerByName(usual)
  if (reader === undefined || (await isLaidOut(context, reader, { root, split }))) return asUsual
  try {
    return recogniseData(root)
  } catch (error) {
    if (!isTypedError(error)) throw error
    // The usual reader says what it looked for.
    return asUsual
  }
}

/** The part that is meant where none is named. Readers of files of any name have many names of parts: the first that is there. */
async function evaluatedSplit(context: Context, reader: Reader, own: OwnData): Promise<string | undefined> {
  if (own.annotations !== undefined) return undefined
  const known = EVALUATED_SPLITS.filter((name) => reader.splits.includes(name))
  if (reader.takesAnnotations !== true) return known[0]
  for (const split of known) if (await isLaidOut(context, reader, { root: own.root, split })) return split
  return undefined
}

/** Whether a reader finds its files. */
async function isLaidOut(
  { io }: Context,
  reader: Reader,
  { root, split }: { readonly root: string; readonly split?: string | undefined },
): Promise<boolean> {
  try {
    const records = reader.read({
      root,
      missingPictures: 'keep',
      ...(split !== undefined && { split }),
      signal: io.signal,
      onProblem: () => {},
    })
    for await (const _ of records) break
    return true
  } catch (error) {
    return !(error instanceof DataError) || error.code !== 'wrong-layout'
  }
}

/** The lists of names in psg.json, in its order; undefined where there is no such file. */
async function sceneVocabulary(context: Context, root: string): Promise<SceneGraphVocabulary | undefined> {
  const file = ['psg.json', 'psg/psg.json', 'annotations/psg.json'].find((name) => fileExists(root, name))
  if (file === undefined) return undefined
  const lists: Record<string, string[]> = { thing_classes: [], stuff_classes: [], predicate_classes: [] }
  const items = jsonItems(join(root, file), {
    lists: Object.keys(lists),
    file,
    signal: context.io.signal,
    onProblem: () => {},
  })
  for await (const item of items) if (item.kind !== 'start') lists[item.list]?.push(String(item.value))
  return {
    things: lists['thing_classes']!,
    stuff: lists['stuff_classes']!,
    predicates: lists['predicate_classes']!,
  }
}

type Drafting = { readonly kind: SampleKind; readonly root: string; readonly maps: LabelMapCache }

/** A function for each sample of a record, so that one that throws costs itself alone. */
function drafts(record: DataRecord, drafting: Drafting): (() => TruthSample)[] {
  const { kind } = drafting
  switch (kind) {
    case 'first-phrase':
      return record.phrases.slice(0, 1).map((phrase) => () => phraseSample(record, phrase, 0, drafting))
    case 'phrases':
    case 'boxes':
      return record.phrases.map((phrase, k) => () => phraseSample(record, phrase, k, drafting))
    case 'rounds':
      return roundDrafts(record, drafting)
    case 'classes':
      return [() => classSample(record, drafting)]
    case 'captions':
      return record.captions.map((_, k) => () => captionSample(record, k, drafting))
    case 'relations':
      return [() => sceneSample(record, drafting)]
    case 'choices':
      return record.choices.map((choice, k) => () => ({
        ...common(record),
        id: `${record.id}/${k}`,
        phrase: plainText(choice.question),
        question: maskedText(record, choice.question, drafting),
        groups: [],
        options: choice.options,
        right: choice.right,
      }))
    case 'region-captions':
      return record.regions.flatMap((region) => {
        const captions = captionsOf(record, region)
        return captions.length === 0
          ? []
          : [() => ({ ...regionSample(record, [region.id], drafting), captions })]
      })
    case 'region-asks':
      return record.regions.flatMap((region) => {
        const asks = asksOf(record, region)
        const named = region.category === undefined ? {} : { labels: [region.category] }
        return asks.length === 0
          ? []
          : [() => ({ ...regionSample(record, [region.id], drafting), ...named, asks })]
      })
    case 'region-questions':
      return record.dialogues.map((turns, d) => () => regionQuestion(record, turns, d, drafting))
    case 'lines':
      throw new MaskwordsError('unsupported', 'datasets of lines are read as JSON Lines only', {
        hint: 'a line a sample: {"id": "...", "lines": [[[x, y], ...], ...]}',
      })
  }
}

function common(record: DataRecord): Pick<TruthSample, 'picture' | 'size' | 'exif'> {
  const { file, widthPx, heightPx, turn } = record.picture
  const size = { widthPx, heightPx }
  if (turn === undefined) return { picture: file, size }
  return { picture: file, size, exif: turn.ground === 'stored' ? 'ignore' : 'apply' }
}

type Pieces = DialogueTurn['pieces']

const plainText = (pieces: Pieces): string =>
  pieces.map((piece) => (typeof piece === 'string' ? piece : '[region]')).join('')

function maskedText(record: DataRecord, pieces: Pieces, drafting: Drafting): MaskedText {
  return pieces.map((piece) =>
    typeof piece === 'string'
      ? piece
      : { mask: maskOfRegion(record, regionOf(record, piece.region), drafting) },
  )
}

function phraseSample(record: DataRecord, phrase: Phrase, index: number, drafting: Drafting): TruthSample {
  const regions = phrase.regions.map((id) => regionOf(record, id))
  const shape =
    drafting.kind === 'boxes' && regions.every((region) => region.boxXywhPx !== undefined)
      ? { boxes: regions.map(boxOf) }
      : { masks: regions.map((region) => maskOfRegion(record, region, drafting)) }
  const ignored = drafting.kind === 'boxes' ? undefined : ignoredOf(record, drafting)
  return {
    ...common(record),
    id: `${record.id}/${phrase.id ?? index}`,
    phrase: phrase.text,
    groups: phrase.form === 'sentence' ? ['sentence'] : [],
    ...shape,
    ...(ignored !== undefined && { ignored }),
  }
}

/** A sample about regions: its masks are what is pointed at; a region of which only a box is known is that box. */
function regionSample(record: DataRecord, ids: readonly string[], drafting: Drafting): TruthSample {
  return {
    ...common(record),
    id: ids.length === 1 ? `${record.id}/${ids[0]}` : record.id,
    groups: [],
    masks: ids.map((id) => maskOfRegion(record, regionOf(record, id), drafting, 'fill')),
  }
}

/** What people said of a region: its captions, and phrases that mean it alone. */
function captionsOf(record: DataRecord, { id, captions = [] }: Region): string[] {
  const phrases = record.phrases.filter(
    ({ regions, form }) => form !== 'sentence' && regions.length === 1 && regions[0] === id,
  )
  return [...new Set([...captions, ...phrases.map(({ text }) => text)])]
}

/** What a judge is asked about a description of a region. */
function asksOf(record: DataRecord, { id }: Region): AnswerQuestion[] {
  return record.choices.flatMap(({ question, options, scores, kind }): AnswerQuestion[] => {
    const isOf = question.some((piece) => typeof piece !== 'string' && piece.region === id)
    if (!isOf || scores === undefined) return []
    const text = question.map((piece) => (typeof piece === 'string' ? piece : '')).join('')
    // Recognition counts for itself: its options are worth words.
    const own = scores.some((score) => typeof score === 'string') ? 'recognition' : 'positive'
    return [{ kind: kind ?? own, text: text.trim(), options, scores }]
  })
}

/** The question of a dialogue's first turn about its regions, and the answer to compare with. */
function regionQuestion(
  record: DataRecord,
  turns: DataRecord['dialogues'][number],
  d: number,
  drafting: Drafting,
): TruthSample {
  const [asked, answered] = turns
  if (asked?.role !== 'user' || answered?.role !== 'assistant') {
    throw new MaskwordsError('malformed', `record ${record.id} has no question with an answer`, {
      at: record.id,
    })
  }
  const ids = asked.pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.region]))
  const text = asked.pieces
    .map((piece) => (typeof piece === 'string' ? piece : ''))
    .join('')
    .trim()
  const [group] = record.id.split('/')
  return {
    ...regionSample(record, ids, drafting),
    id: turns === record.dialogues[0] ? record.id : `${record.id}/${d}`,
    groups: record.id.includes('/') ? [group!] : [],
    ...(text !== '' && { phrase: text }),
    captions: [plainText(answered.pieces)],
  }
}

/** Every turn of the answering side that names regions, with the turns before it, as the round of its number. */
function roundDrafts(record: DataRecord, drafting: Drafting): (() => TruthSample)[] {
  return record.dialogues.flatMap((turns, d) => {
    let round = 0
    return turns.flatMap(({ role, pieces }, at): (() => TruthSample)[] => {
      if (role === 'user') return []
      const number = ++round
      const regions = pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.region]))
      if (regions.length === 0) return []
      const before = turns.slice(0, at)
      const asked = before.at(-1)?.role === 'user' ? before.pop()!.pieces : []
      return [
        () => ({
          ...common(record),
          id: `${record.id}/${d}/${number}`,
          phrase: plainText(asked),
          question: maskedText(record, asked, drafting),
          history: before.map((turn) => ({
            role: turn.role,
            pieces: maskedText(record, turn.pieces, drafting),
          })),
          groups: [`round ${number}`],
          masks: regions.map((id) => maskOfRegion(record, regionOf(record, id), drafting)),
        }),
      ]
    })
  })
}

function classSample(record: DataRecord, drafting: Drafting): TruthSample {
  const named = record.regions.filter(({ category, isIgnored }) => category !== undefined && !isIgnored)
  const ignored = ignoredOf(record, drafting)
  return {
    ...common(record),
    id: record.id,
    groups: [],
    masks: named.map((region) => maskOfRegion(record, region, drafting)),
    labels: named.map(({ category }) => category!),
    ...(ignored !== undefined && { ignored }),
  }
}

/** Of a caption, the masks of its spans with their words. */
function captionSample(record: DataRecord, index: number, drafting: Drafting): TruthSample {
  const { text, spans } = record.captions[index]!
  return {
    ...common(record),
    id: `${record.id}/${index}`,
    groups: [],
    captions: [text],
    masks: spans.map(({ regions }) =>
      unionOfRegions(record, regions, { root: drafting.root, labelMapCache: drafting.maps }),
    ),
    labels: spans.map(({ start, end }) => text.slice(start, end)),
  }
}

function sceneSample(record: DataRecord, drafting: Drafting): TruthSample {
  const places = new Map(record.regions.map(({ id }, k) => [id, k]))
  return {
    ...common(record),
    id: record.id,
    groups: [],
    masks: record.regions.map((region) => maskOfRegion(record, region, drafting)),
    labels: record.regions.map(({ category }) => category ?? ''),
    relations: record.relations.map(({ subject, predicate, object }) => {
      const ends = [places.get(subject), places.get(object)]
      if (ends[0] === undefined || ends[1] === undefined) {
        throw new MaskwordsError('malformed', `record ${record.id} has a relation of no region`, {
          at: record.id,
        })
      }
      return [ends[0], predicate, ends[1]] as const
    }),
  }
}

function regionOf(record: DataRecord, id: string): Region {
  const region = record.regions.find((candidate) => candidate.id === id)
  if (region !== undefined) return region
  throw new MaskwordsError('malformed', `record ${record.id} has no region ${id}`, { at: record.id })
}

function maskOfRegion(
  record: DataRecord,
  region: Region,
  { root, maps }: Drafting,
  boxes: 'refuse' | 'fill' = 'refuse',
): Mask {
  return regionMask(record, region, { root, labelMapCache: maps, boxes })
}

function ignoredOf(record: DataRecord, { root, maps }: Drafting): Mask | undefined {
  const ids = record.regions.filter(({ isIgnored }) => isIgnored).map(({ id }) => id)
  return ids.length === 0 ? undefined : unionOfRegions(record, ids, { root, labelMapCache: maps })
}

function boxOf(region: Region): BoxXyxyPx {
  const [x, y, width, height] = region.boxXywhPx!
  return [x, y, x + width, y + height]
}
