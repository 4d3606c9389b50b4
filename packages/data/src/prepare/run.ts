// A run of `prepare`: lock, read, plan, then fill and write shard after shard, so that a kill at any moment loses only work
// under way and the files are the same however often it was killed and whatever the number of workers. Definition: ours.
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { makeFolders, removeLeftBehind, takeLock, temporaryFolder } from '@maskwords/checkpoint'
import type { Reader } from '@maskwords/datasets'
import { DataError } from '@maskwords/datasets'
import type { Writer, WriterOptions, WrittenFile } from '../conversation.ts'
import { canonicalJson, sha256 } from './canonical.ts'
import { configHash, type PrepareConfig } from './config.ts'
import type { FilledBatch } from './filled-batch.ts'
import { HealthTotal } from './health.ts'
import { Journal, readJournal } from './journal.ts'
import { KeptBatches } from './kept-batches.ts'
import type { SampleLook } from './look-picture.ts'
import {
  checkPlan,
  engineSetup,
  type Plan,
  READ_PROBLEMS,
  type Reading,
  readSources,
  surveyRecords,
} from './plan.ts'
import { type RunReport, reportData } from './report.ts'
import { reportHtml } from './report-html.ts'
import type { Share } from './sampling.ts'
import { type RunState, ShardMaker, type ShardPlace } from './shards.ts'
import { STAMP_FILE } from './stamp.ts'
import { firstLines, joinFiles, writeWholeFile } from './whole-file.ts'
import type { EngineSetup, Workers } from './workers.ts'

/** Where the journal, the lock and what a run needs while it works are kept, in the folder it writes to. */
export const STATE_FOLDER = '.prepare'
export const PROBLEMS_FILE = 'problems.jsonl'

/** A run of `prepare`: configuration, workers, what to do with what is there already. */
export type PrepareOptions = {
  readonly config: PrepareConfig
  /** Absolute; made where it is missing. */
  readonly folder: string
  /** The name of the dataset: shards begin with it. */
  readonly name: string
  readonly readerOf: (name: string) => Reader
  readonly writer: Writer
  /** Whether the codec must see pictures. */
  readonly needsImage: boolean
  /** Words of the codec's vocabulary, and tokens of a mask where all have as many. */
  readonly vocabulary: { readonly wordCount: number; readonly tokensPerMask?: number }
  readonly openWorkers: (setup: EngineSetup) => Workers | Promise<Workers>
  /** Conversations that the report shows as pictures. Default and at most 12. */
  readonly samples?: number
  /** Batches that took this long are kept until their shard is written. */
  readonly keepBatchesMs?: number
  /** Forget what an earlier run left in the folder. */
  readonly overwrite?: boolean
  readonly signal: AbortSignal
  readonly onPlan?: (plan: Plan) => void | Promise<void>
  readonly onResume?: (shards: number, conversations: number) => void | Promise<void>
  readonly progress?: {
    readonly read: (source: string, records: number) => void
    readonly survey: (records: number, total: number) => void
    readonly fill: (records: number, total: number) => void
  }
}

/** What a run has written and counted. */
export type PrepareResult = {
  readonly plan: Plan
  /** Absent where another run has finished this before: nothing was done. */
  readonly report?: RunReport
  readonly files: readonly string[]
  readonly conversations: number
}

type StartEntry = {
  readonly kind: 'start'
  readonly format: 1
  readonly version: string
  readonly configSha256: string
  readonly datasetSha256: string
  readonly codec: string
}
type ShardEntry = { readonly kind: 'shard' } & ShardPlace & { readonly state: RunState }
type DoneEntry = { readonly kind: 'done'; readonly conversations: number }
type Entry = StartEntry | ShardEntry | DoneEntry

/** Batches that took at least this long are kept until their shard is written: an encoder's work is not done twice. */
const WORTH_KEEPING_MS = 250
const SURVEY_PROBLEMS = 'survey-problems.jsonl'
const RUN_PROBLEMS = 'run-problems.jsonl'
const WRITE_PROBLEMS = 'write-problems.jsonl'
/** Of the problems so many bytes are looked through for the report's first lines. */
const SHOWN_PROBLEM_BYTES = 1 << 16

/** Reads, surveys and returns the plan; nothing is written to the folder. Throws as `prepare` does. */
export async function planOnly(options: Omit<PrepareOptions, 'folder' | 'overwrite'>): Promise<Plan> {
  const stateFolder = await temporaryFolder('plan')
  let workers: Workers | undefined
  try {
    const reading = await read(options, stateFolder, join(stateFolder, 'pictures'))
    workers = await options.openWorkers(engineSetup(options.config, reading, undefined))
    const { plan } = await survey(options, reading, workers)
    reading.spool.close()
    return plan
  } finally {
    await workers?.close()
    rmSync(stateFolder, { recursive: true, force: true })
  }
}

/**
 * The whole run. Throws DataError `bad-option` for a folder that another run works in or that holds another dataset,
 * `wrong-layout` for sources that are not what they are called, `io`; the signal's reason when stopped, after which the same
 * call goes on where it was.
 */
export async function prepare(options: PrepareOptions): Promise<PrepareResult> {
  const { folder, config } = options
  const stateFolder = join(folder, STATE_FOLDER)
  await makeFolders(folder)
  refuseForeignFolder(folder, stateFolder, options.overwrite === true)
  await makeFolders(stateFolder)
  const lockFile = join(stateFolder, 'lock')
  const unlock = await takeLock(lockFile, (holder) => {
    const hint = 'wait for it, stop it, or write to another folder with -o'
    return new DataError('bad-option', `another run works in this folder (${holder})`, {
      file: lockFile,
      hint,
    })
  })
  try {
    if (options.overwrite) forget(folder, stateFolder)
    // The lock is ours: what has a temporary name here, nobody writes.
    for (const place of [folder, join(folder, 'pictures'), stateFolder]) removeLeftBehind(place, 'all')
    const journalFile = join(stateFolder, 'journal.jsonl')
    const { entries, bytes } = readJournal<Entry>(journalFile)
    const [start] = entries as [StartEntry?]
    if (start !== undefined)
      refuseOther(start, { ...startOf(config), datasetSha256: start.datasetSha256 }, folder)
    const reading = await read(options, stateFolder, join(folder, 'pictures'))
    try {
      const crops = await cropsOf(config, folder)
      const workers = await options.openWorkers(engineSetup(config, reading, crops))
      try {
        const { plan, shares, lost } = await survey(options, reading, workers)
        await options.onPlan?.(plan)
        const problemsFile = join(folder, PROBLEMS_FILE)
        if (plan.taken === 0) {
          const surveyed = join(stateFolder, SURVEY_PROBLEMS)
          writeFileSync(surveyed, lost.map((problem) => `${JSON.stringify(problem)}\n`).join(''))
          joinFiles([join(stateFolder, READ_PROBLEMS), surveyed], problemsFile)
        }
        checkPlan(plan, problemsFile)
        const own = { ...startOf(config), datasetSha256: plan.datasetSha256 }
        if (start !== undefined) refuseOther(start, own, folder)
        const journal = new Journal<Entry>(journalFile, bytes)
        try {
          const shards = entries.filter((entry): entry is ShardEntry => entry.kind === 'shard')
          if (entries.at(-1)?.kind === 'done') {
            return { plan, files: [], conversations: (entries.at(-1) as DoneEntry).conversations }
          }
          if (start === undefined) journal.append(own)
          else
            await options.onResume?.(
              shards.length,
              shards.reduce((sum, one) => sum + one.conversations, 0),
            )
          return await fill({ options, reading, workers, plan, shares, journal, shards, stateFolder, own })
        } finally {
          journal.close()
        }
      } finally {
        await workers.close()
        // Also where an earlier run had finished everything: the folder is made before that is known.
        if (crops !== undefined && readdirSync(crops.folder).length === 0) rmdirSync(crops.folder)
      }
    } finally {
      reading.spool.close()
    }
  } finally {
    unlock()
  }
}

function startOf(config: PrepareConfig): Omit<StartEntry, 'datasetSha256'> {
  return {
    kind: 'start',
    format: 1,
    version: config.version,
    configSha256: configHash(config),
    codec: canonicalJson(config.codec),
  }
}

function refuseOther(found: StartEntry, own: StartEntry, folder: string): void {
  const parts: [keyof StartEntry, string][] = [
    ['version', 'version of maskwords'],
    ['codec', 'codec'],
    ['configSha256', 'options'],
    ['datasetSha256', 'contents of the sources'],
  ]
  const other = found.format !== 1 ? 'journal format' : parts.find(([key]) => found[key] !== own[key])?.[1]
  if (other === undefined) return
  const shown = other === 'version of maskwords' ? ` (${found.version}, now ${own.version})` : ''
  throw new DataError(
    'bad-option',
    `the run in this folder had another ${other}${shown}; one dataset is made in one way`,
    {
      file: folder,
      hint: 'give the same options to go on with it, --overwrite to begin anew, or another folder with -o',
    },
  )
}

/** Other people's files are not mixed with ours. */
function refuseForeignFolder(folder: string, stateFolder: string, overwrite: boolean): void {
  const names = readdirSync(folder)
  if (names.length === 0 || existsSync(stateFolder)) return
  throw new DataError(
    'bad-option',
    `the folder is not empty, and no run of prepare is in it: ${names.slice(0, 5).join(', ')}`,
    {
      file: folder,
      hint: overwrite
        ? '--overwrite replaces earlier runs only; empty the folder yourself'
        : 'name an empty or new folder with -o',
    },
  )
}

async function cropsOf(config: PrepareConfig, folder: string): Promise<EngineSetup['crops']> {
  if (config.pictures === 'bytes') return undefined
  const crops = { folder: join(folder, 'pictures'), prefix: `${config.cropPrefix}pictures/` }
  await makeFolders(crops.folder)
  return crops
}

/** Removes all that earlier runs wrote, by their journal. */
function forget(folder: string, stateFolder: string): void {
  const list = join(stateFolder, 'files.json')
  const known = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as string[]) : []
  const { entries } = readJournal<Entry>(join(stateFolder, 'journal.jsonl'))
  for (const entry of entries) if (entry.kind === 'shard') known.push(entry.file)
  for (const name of known) rmSync(join(folder, name), { force: true })
  rmSync(join(folder, 'pictures'), { recursive: true, force: true })
  for (const name of readdirSync(stateFolder))
    if (!name.startsWith('lock')) unlinkSync(join(stateFolder, name))
}

function read(
  options: Omit<PrepareOptions, 'folder'>,
  stateFolder: string,
  picturesFolder: string,
): Promise<Reading> {
  const { config, readerOf, signal, needsImage, progress } = options
  return readSources({
    config,
    readerOf,
    stateFolder,
    picturesFolder,
    signal,
    needsPictures: needsImage || config.pictures === 'bytes',
    onRecords: (source, records) => progress?.read(source, records),
  })
}

function survey(options: Omit<PrepareOptions, 'folder'>, reading: Reading, workers: Workers) {
  const { config, signal, progress, vocabulary } = options
  const total = reading.spool.records
  const { tokensPerMask } = vocabulary
  return surveyRecords({
    config,
    reading,
    workers,
    signal,
    ...(tokensPerMask === undefined ? {} : { tokensPerMask }),
    onRecords: (records) => progress?.survey(records, total),
  })
}

type FillRun = {
  readonly options: PrepareOptions
  readonly reading: Reading
  readonly workers: Workers
  readonly plan: Plan
  readonly shares: readonly Share[]
  readonly journal: Journal<Entry>
  readonly shards: readonly ShardEntry[]
  readonly stateFolder: string
  readonly own: StartEntry
}

async function fill(run: FillRun): Promise<PrepareResult> {
  const { options, reading, workers, shares, journal, stateFolder } = run
  const { config, folder, writer, signal, progress } = options
  const last = run.shards.at(-1)
  const [problemsFile, writeProblemsFile] = [
    join(stateFolder, RUN_PROBLEMS),
    join(stateFolder, WRITE_PROBLEMS),
  ]
  cutTo(problemsFile, last?.state.problemBytes ?? 0)
  cutTo(writeProblemsFile, last?.state.writeProblemBytes ?? 0)
  for (const shard of run.shards) checkShard(folder, shard)
  const kept = new KeptBatches(stateFolder, last?.state.resumeAt ?? 0)
  const writerOptions: WriterOptions = { folder, pictures: config.pictures, shardSize: config.shardSize }
  const maker = new ShardMaker({
    name: options.name,
    writer,
    writerOptions,
    words: options.vocabulary.wordCount,
    // Paths in the files are relative to the picture base.
    readPicture: (file) => readFileSync(resolve(config.pictureBase, file)),
    addProblems: (text) => appendFileSync(problemsFile, text),
    addWriteProblems: (text) => appendFileSync(writeProblemsFile, text),
    from: last?.state,
    shards: run.shards,
    onShard: (shard, bytes, state) => {
      writeWholeFile(join(folder, shard.file), bytes)
      journal.append({ kind: 'shard', ...shard, state })
      kept.shardWritten(state.resumeAt)
    },
  })
  const total = reading.spool.records
  let done = 0
  const underWay: { records: number; batch: Promise<FilledBatch> }[] = []
  const consume = async () => {
    const { records, batch } = underWay.shift()!
    await maker.add(await batch)
    signal.throwIfAborted()
    done += records
    progress?.fill(done, total)
  }
  try {
    for (const { number, records } of reading.spool.batches()) {
      signal.throwIfAborted()
      if (number < maker.nextBatch) {
        done += records.length
        continue
      }
      while (underWay.length >= workers.size * 3) await consume()
      const ready = kept.take(number)
      const batch =
        ready !== undefined
          ? Promise.resolve(ready)
          : workers.run({ kind: 'fill', places: records, shares }).then((result) => {
              if (result.ms >= (options.keepBatchesMs ?? WORTH_KEEPING_MS) && config.pictures === 'path')
                kept.keep(number, result)
              return result
            })
      // Awaited in order; until then a failure must not count as unhandled.
      batch.catch(() => undefined)
      underWay.push({ records: records.length, batch })
    }
    while (underWay.length > 0) await consume()
    await maker.finish()
  } finally {
    kept.close()
  }
  return finish(run, maker)
}

async function finish(run: FillRun, maker: ShardMaker): Promise<PrepareResult> {
  const { options, workers, plan, journal, stateFolder, own } = run
  const { config, folder, writer, signal, name } = options
  const state = maker.state()
  const looks: SampleLook[] = []
  for (const { place, id } of state.candidates.slice(0, options.samples)) {
    signal.throwIfAborted()
    const look = await workers.run({ kind: 'look', place, id })
    if (look !== undefined) looks.push(look)
  }
  const health = new HealthTotal(options.vocabulary.wordCount, state.health).value()
  const shards = maker.written
  const conversations = shards.reduce((sum, shard) => sum + shard.conversations, 0)
  const stamp = {
    name,
    version: config.version,
    writer: config.writer,
    pictures: config.pictures,
    seed: config.seed,
    configSha256: own.configSha256,
    datasetSha256: own.datasetSha256,
    codec: config.codec,
    tasks: config.tasks,
    truthMasks: config.truthMasks,
    sources: plan.sources.map(({ root: _, ...source }) => source),
    conversations,
    shards: shards.map(({ file, bytes, sha256: hash, conversations: count }) => ({
      file,
      bytes,
      sha256: hash,
      conversations: count,
    })),
  }
  const report = reportData({
    plan,
    health,
    stamp,
    lostInWriting: state.lostInWriting,
    minIou: config.minIou ?? 0,
    readProblems: run.reading.problems,
    looks,
  })
  joinFiles(
    [READ_PROBLEMS, RUN_PROBLEMS, WRITE_PROBLEMS].map((file) => join(stateFolder, file)),
    join(folder, PROBLEMS_FILE),
  )
  const files: { file: string; bytes: Uint8Array | string }[] = [
    ...writer
      .extras({
        name,
        shards: shards.map((shard) => shard.file),
        conversations,
        options: { folder, pictures: config.pictures, shardSize: config.shardSize },
      })
      .map(({ file, text }) => ({ file, bytes: text })),
    { file: 'report.json', bytes: `${JSON.stringify(report, null, 2)}\n` },
    {
      file: 'report.html',
      bytes: reportHtml({
        report,
        looks,
        problems: firstLines(join(folder, PROBLEMS_FILE), SHOWN_PROBLEM_BYTES),
      }),
    },
    { file: STAMP_FILE, bytes: `${JSON.stringify(stamp, null, 2)}\n` },
  ]
  const names = [...shards.map((shard) => shard.file), ...files.map(({ file }) => file), PROBLEMS_FILE]
  writeWholeFile(join(stateFolder, 'files.json'), JSON.stringify(names))
  for (const { file, bytes } of files) writeWholeFile(join(folder, file), bytes)
  journal.append({ kind: 'done', conversations })
  for (const temporary of readdirSync(stateFolder)) {
    if (!['journal.jsonl', 'files.json', 'lock'].includes(temporary)) rmSync(join(stateFolder, temporary))
  }
  return { plan, report, files: names, conversations }
}

/** The file, made where it is missing, without what follows its first bytes. */
function cutTo(file: string, bytes: number): void {
  if (!existsSync(file)) writeFileSync(file, '')
  truncateSync(file, bytes)
}

/** A shard that the journal knows must be there as it was written. */
function checkShard(folder: string, shard: WrittenFile): void {
  const path = join(folder, shard.file)
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === shard.bytes && sha256(readFileSync(path)) === shard.sha256) return
  throw new DataError(
    'bad-file',
    `the shard ${shard.file} is not what the run wrote: ${size === undefined ? 'it is gone' : 'it was changed'}`,
    {
      file: path,
      hint: 'begin anew with --overwrite',
    },
  )
}
