// The plan of a run: sources are read once into the spool, records are surveyed, and what will be written, dropped and why is
// stated as data before anything is. Definition: ours.
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DataProblem, DataRecord, Reader } from '@maskwords/datasets'
import { type Column, DataError, fileExists, float64Column } from '@maskwords/datasets'
import { canonicalJson, sha256 } from './canonical.ts'
import type { PrepareConfig } from './config.ts'
import type { EngineSource, SurveyPart } from './engine.ts'
import { type Counts, TextCounter } from './health.ts'
import { limitsOf } from './picture-limits.ts'
import { isFractional, type Share, shareOf } from './sampling.ts'
import { Spool } from './spool.ts'
import { unpackedRecord } from './unpacked.ts'
import { TRIED_RECORDS, type TriedRecord, wayOut } from './way-out.ts'
import type { EngineSetup, Workers } from './workers.ts'

/** One source in a plan: records, regions, conversations of each task. */
export type PlannedSource = {
  readonly name: string
  readonly title: string
  readonly split?: string
  readonly root: string
  readonly weightPercent: number
  readonly records: number
  /** Things that were wrong or doubtful where nothing was lost. */
  readonly doubts: number
  /** Records whose picture is not there. */
  readonly missingPictures: number
  readonly missing: 'none' | 'dropped' | 'kept'
  /** SHA-256 of all its records. */
  readonly sha256: string
}

/** What a run would read, write and drop, with tokens to expect. */
export type Plan = {
  readonly sources: readonly PlannedSource[]
  readonly pictures: number
  readonly records: number
  readonly regions: number
  /** What reading and the survey lost, by kind. */
  readonly dropped: Counts
  /** The first of those losses, with file and place. */
  readonly reasons: readonly DataProblem[]
  readonly recordsWithoutConversations: number
  /** Conversations by source and task: as tasks make them, and with sampling weights. */
  readonly conversations: readonly {
    readonly source: string
    readonly task: string
    readonly made: number
    readonly taken: number
  }[]
  readonly taken: number
  readonly shards: number
  /** Masks that will be encoded, each once, and places in texts where one stands; before sampling. */
  readonly masks: number
  readonly maskPlaces: number
  readonly tokensPerMask: number
  /** Words of masks, and about a token for four characters of text. */
  readonly expectedTokens: number
  readonly datasetSha256: string
  readonly notes: readonly string[]
}

export type Reading = {
  readonly spool: Spool
  readonly sources: readonly EngineSource[]
  readonly planned: readonly PlannedSource[]
  readonly problems: Counts
  /** The first of them. */
  readonly reasons: readonly DataProblem[]
  readonly regions: number
  /** The first records of each source: what tasks are tried on. */
  readonly tried: readonly TriedRecord[]
}

export type ReadingOptions = {
  readonly config: PrepareConfig
  readonly readerOf: (name: string) => Reader
  /** Where the spool and the problems of reading go. */
  readonly stateFolder: string
  /** Where pictures go that lie inside a dataset's tables. */
  readonly picturesFolder: string
  readonly needsPictures: boolean
  readonly signal: AbortSignal
  readonly onRecords: (source: string, records: number) => void
}

export const READ_PROBLEMS = 'read-problems.jsonl'
/** Losses that a plan names one by one. */
const MOST_REASONS = 5
/** Problems are written in pieces of this many lines. */
const PROBLEM_LINES = 500
/** Category names of a source that tasks may draw distractors from. V3Det has 13,204. */
const MOST_CATEGORIES = 50_000
const CHARACTERS_A_TOKEN = 4

/** Reads all sources into the spool. Throws DataError for a layout that is wrong as a whole, and where nothing was read. */
export async function readSources(options: ReadingOptions): Promise<Reading> {
  const { config, stateFolder, signal, onRecords } = options
  const spool = new Spool(join(stateFolder, 'records.jsonl'))
  const problemsFile = join(stateFolder, READ_PROBLEMS)
  writeFileSync(problemsFile, '')
  const waiting: string[] = []
  const flush = () => {
    if (waiting.length > 0) appendFileSync(problemsFile, waiting.splice(0).join(''))
  }
  const problems = new TextCounter()
  const reasons: DataProblem[] = []
  const engineSources: EngineSource[] = []
  const planned: PlannedSource[] = []
  const tried: TriedRecord[] = []
  let regions = 0
  for (const [number, source] of config.sources.entries()) {
    const reader = options.readerOf(source.reader)
    let doubts = 0
    const onProblem = (problem: DataProblem) => {
      if (problem.isKept === true) doubts++
      else {
        problems.add(problem.kind)
        if (reasons.length < MOST_REASONS) reasons.push(problem)
      }
      waiting.push(`${JSON.stringify({ source: source.reader, ...problem })}\n`)
      if (waiting.length >= PROBLEM_LINES) flush()
    }
    const categories = new Set<string>()
    const first: DataRecord[] = []
    let records = 0
    let missing = 0
    const store = reader.pictures?.(source.root)
    const unpacked = `${source.reader}-${number}`
    const root = store === undefined ? source.root : join(options.picturesFolder, unpacked)
    const reading = reader.read({
      root: source.root,
      ...(source.split === undefined ? {} : { split: source.split }),
      signal,
      encoding: config.encoding,
      onProblem,
      ...(config.sameId === undefined ? {} : { sameId: config.sameId }),
      ...(source.annotations === undefined ? {} : { annotations: source.annotations }),
      ...(config.regionName === undefined ? {} : { regionName: config.regionName }),
      // Kept here, so that a source without any picture can be told from one that lacks some.
      missingPictures: config.missingPictures === 'drop' ? 'drop' : 'keep',
    })
    if (config.limit !== 0) {
      for await (const read of reading) {
        signal.throwIfAborted()
        const record = store === undefined ? read : await unpackedRecord(read, store, root)
        spool.add(record, number, root)
        records++
        regions += record.regions.length
        if (first.length < TRIED_RECORDS && record.regions.length > 0) first.push(record)
        if (!fileExists(root, record.picture.file)) missing++
        for (const { category } of record.regions) {
          if (category !== undefined && categories.size < MOST_CATEGORIES) categories.add(category)
        }
        onRecords(source.reader, records)
        if (records === config.limit) break
      }
    }
    const keeps = config.missingPictures !== 'drop' && !options.needsPictures
    const isKept = keeps && (config.missingPictures === 'keep' || missing === records)
    const sorted = [...categories].sort()
    tried.push(...first.map((record) => ({ record, categories: sorted })))
    engineSources.push({
      root,
      picturePrefix: store === undefined ? source.picturePrefix : `${config.cropPrefix}pictures/${unpacked}/`,
      weightPercent: source.weightPercent,
      categories: sorted,
      dropMissing: missing > 0 && !isKept,
    })
    planned.push({
      name: source.reader,
      title: reader.title,
      ...(source.split === undefined ? {} : { split: source.split }),
      root: source.root,
      weightPercent: source.weightPercent,
      records,
      doubts,
      missingPictures: missing,
      missing: missing === 0 ? 'none' : isKept ? 'kept' : 'dropped',
      sha256: spool.sourceHash(number),
    })
  }
  flush()
  spool.flush()
  return { spool, sources: engineSources, planned, problems: problems.value(), reasons, regions, tried }
}

export type SurveyOptions = {
  readonly config: PrepareConfig
  readonly reading: Reading
  readonly workers: Workers
  readonly signal: AbortSignal
  /** Where every mask has as many; else some are encoded to learn it. */
  readonly tokensPerMask?: number
  readonly onRecords: (records: number) => void
}

/** Surveys the records: the plan, each source's share, and the first losses of each piece of work. */
export async function surveyRecords(
  options: SurveyOptions,
): Promise<{ plan: Plan; shares: readonly Share[]; lost: readonly DataProblem[] }> {
  const { config, reading, workers, signal } = options
  const { spool, planned, regions } = reading
  const conversations = new TextCounter()
  const dropped = new TextCounter()
  const pictures = new TextCounter()
  for (const [kind, count] of reading.problems) dropped.add(kind, count)
  const keys = config.sources.map((): Column<Float64Array> => float64Column())
  const sums = {
    withoutConversations: 0,
    masks: 0,
    maskPlaces: 0,
    characters: 0,
    triedMasks: 0,
    triedTokens: 0,
  }
  const add = (part: SurveyPart) => {
    for (const [name, count] of part.conversations) conversations.add(name, count)
    for (const [kind, count] of part.problems) dropped.add(kind, count)
    for (const [name, count] of part.pictures) pictures.add(name, count)
    for (const [source, list] of part.keys) for (const key of list) keys[source]!.push(key)
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += part[name]
  }
  const reasons: (readonly DataProblem[])[] = []
  const underWay = new Set<Promise<void>>()
  for (const { number, records } of spool.batches()) {
    signal.throwIfAborted()
    while (underWay.size >= workers.size * 2) await Promise.race(underWay)
    const work: Promise<void> = workers.run({ kind: 'survey', places: records, regions }).then((part) => {
      add(part)
      reasons[number] = part.reasons
      underWay.delete(work)
      options.onRecords(records.length)
    })
    underWay.add(work)
  }
  await Promise.all(underWay)
  const shares = config.sources.map(({ weightPercent }, at) =>
    isFractional(weightPercent)
      ? shareOf(weightPercent, keys[at]!.values.slice(0, keys[at]!.length))
      : { every: weightPercent / 100, onceMoreUpTo: -1 },
  )
  const made = new Map(conversations.value())
  const rows = config.sources.flatMap((source, at) =>
    config.tasks.map(({ name }) => {
      const count = made.get(`${at}/${name}`) ?? 0
      return {
        source: source.reader,
        task: name,
        made: count,
        taken: Math.round((count * source.weightPercent) / 100),
      }
    }),
  )
  const taken = config.sources.reduce((sum, source, at) => {
    const total = config.tasks.reduce((part, { name }) => part + (made.get(`${at}/${name}`) ?? 0), 0)
    return (
      sum +
      total * Math.floor(source.weightPercent / 100) +
      Math.round((total * (source.weightPercent % 100)) / 100)
    )
  }, 0)
  const totalMade = rows.reduce((sum, row) => sum + row.made, 0)
  const tried = sums.triedMasks === 0 ? 0 : sums.triedTokens / sums.triedMasks
  const tokensPerMask = options.tokensPerMask ?? tried
  const factor = totalMade === 0 ? 0 : taken / totalMade
  // In the order of the records, whichever worker was first.
  const lost = reasons.flat()
  const plan: Plan = {
    sources: planned,
    pictures: spool.pictures,
    records: spool.records,
    regions,
    dropped: dropped.value().sort(([a], [b]) => (a < b ? -1 : 1)),
    reasons: [...reading.reasons, ...lost].slice(0, MOST_REASONS),
    recordsWithoutConversations: sums.withoutConversations,
    conversations: rows.filter((row) => row.made > 0),
    taken,
    shards: Math.ceil(taken / config.shardSize),
    masks: sums.masks,
    maskPlaces: sums.maskPlaces,
    tokensPerMask,
    expectedTokens: Math.round(
      factor * (sums.maskPlaces * tokensPerMask + sums.characters / CHARACTERS_A_TOKEN),
    ),
    datasetSha256: sha256(
      canonicalJson(planned.map(({ name, split, sha256: hash }) => ({ name, split, hash }))),
    ),
    notes: [...notesOf(config, reading, rows), ...pictureNotes(config, planned, pictures.value())],
  }
  return { plan, shares, lost }
}

function notesOf(
  config: PrepareConfig,
  { planned, tried }: Reading,
  rows: readonly { readonly task: string; readonly made: number }[],
): string[] {
  const notes: string[] = []
  for (const source of planned) {
    const { name, missingPictures, missing, records, doubts } = source
    if (missing === 'kept') {
      notes.push(
        `${name}: ${missingPictures} of ${records} pictures are not under ${source.root}; their samples are kept, as paths`,
      )
    }
    if (missing === 'dropped') {
      notes.push(`${name}: ${missingPictures} of ${records} pictures are missing; their samples are dropped`)
    }
    if (doubts > 0) {
      notes.push(
        `${name}: ${doubts} ${doubts === 1 ? 'thing' : 'things'} in its files looked wrong and cost nothing; problems.jsonl has a line each (isKept)`,
      )
    }
    if (records === 0) notes.push(`${name}: nothing was read`)
  }
  const idle = config.tasks.filter(({ name }) => !rows.some((row) => row.task === name && row.made > 0))
  if (config.tasksAreUsual === true && idle.length < config.tasks.length) return notes
  if (idle.length > 0 && tried.length > 0) {
    const names = config.tasks.map(({ name }) => name)
    const way = wayOut(tried, names, languageOf(config))
    for (const { name } of idle) notes.push(`task ${name} makes nothing of these sources: ${way}`)
    const unnamed = tried.every(({ record }) =>
      record.regions.every(({ category }) => category === undefined),
    )
    if (unnamed) notes.push('no region has a name: --class gives all of them one, as in --class crack')
  }
  return notes
}

/** The language of a run's words, by the name of its vocabulary. */
function languageOf({ codec }: PrepareConfig): 'samtok' | 'himtok' | 'getok' {
  return (['getok', 'himtok'] as const).find((name) => codec.vocabulary?.startsWith(name)) ?? 'samtok'
}

const GROUNDS: Readonly<Record<string, string>> = {
  size: 'the annotations state that size',
  outlines: 'their outlines fit only these, whatever size is stated',
  convention: "both would fit, and this is the format's convention",
}

/** What the plan says of pictures that EXIF turns, and of those at which the trainer stops. */
function pictureNotes(config: PrepareConfig, planned: readonly PlannedSource[], counts: Counts): string[] {
  const notes: string[] = []
  for (const [name, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [source, what, by] = name.split('/') as [string, string, string?]
    const { name: reader } = planned[Number(source)]!
    const pictures = count === 1 ? '1 picture is' : `${count} pictures are`
    if (by !== undefined) {
      const copies = config.pictures === 'path' ? 'copies in pictures/' : 'copies'
      notes.push(
        `${reader}: ${pictures} turned by EXIF; masks are taken to lie on the ${what} pixels (${GROUNDS[by]}), and the trainer gets ${copies} of these without the tag, which nobody turns`,
      )
      continue
    }
    const limit = limitsOf(config.writer).find(({ kind }) => kind === what)!
    const done = {
      pad: 'are padded',
      resize: 'are resized',
      skip: 'are left out',
    }
    notes.push(
      config.repair === undefined
        ? `${reader}: ${pictures} such that ${config.writer} stops: ${limit.says}; --repair-pictures pad, resize or skip`
        : `${reader}: ${count === 1 ? '1 picture' : `${count} pictures`} of ${limit.says} ${done[config.repair]}`,
    )
  }
  return notes
}

/** The setup of engines for sources as they were read. */
export function engineSetup(
  config: PrepareConfig,
  reading: Reading,
  crops: EngineSetup['crops'] | undefined,
): EngineSetup {
  return {
    spoolFile: reading.spool.file,
    regions: reading.regions,
    sources: reading.sources,
    tasks: config.tasks,
    seed: config.seed,
    emptyThink: config.emptyThink,
    truthMasks: config.truthMasks,
    pictures: config.pictures,
    writer: config.writer,
    ...(config.repair === undefined ? {} : { repair: config.repair }),
    ...(config.minShare === undefined ? {} : { minShare: config.minShare }),
    ...(config.minIou === undefined ? {} : { minIou: config.minIou }),
    ...(crops === undefined ? {} : { crops }),
  }
}

/** A loss in one line: what, in which file. */
export function reasonLine({ message, file, at }: DataProblem): string {
  const place = at === undefined || message.startsWith(at) ? '' : ` (${at})`
  return message.startsWith(file) ? `${message}${place}` : `${file}${place}: ${message}`
}

/** Refuses a plan that writes nothing; `problemsFile` has all that was lost. Throws DataError 'bad-option'. */
export function checkPlan(plan: Plan, problemsFile?: string): void {
  if (plan.taken > 0) return
  const lost = plan.dropped.map(([kind, count]) => `${count} ${kind}`).join(', ')
  const first = plan.reasons.slice(0, 3).map((reason) => `; ${reasonLine(reason)}`)
  const all =
    lost === '' || problemsFile === undefined ? [] : [`all that was lost, and why, stands in ${problemsFile}`]
  throw new DataError(
    'bad-option',
    `there is nothing to write: ${plan.records} records give no conversation${lost === '' ? '' : ` (${lost})`}${first.join('')}`,
    { hint: [...all, ...plan.notes].join('; ') || 'choose other tasks with --task' },
  )
}
