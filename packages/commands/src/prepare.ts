// `maskwords prepare`: published datasets to a trainer's files, masks in words.

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join, relative, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { namesHint, nearest } from '@maskwords/base'
import { hubFolder, isHubId } from '@maskwords/codec-loading'
import { type MaskCodec, WEAK_IOU } from '@maskwords/codecs'
import {
  type CodecStamp,
  checkPlan,
  defaultTasks,
  type EngineSetup,
  localWorkers,
  type Plan,
  type PrepareConfig,
  type PrepareSource,
  parsePathSource,
  parseSource,
  parseTasks,
  planOnly,
  prepare,
  type ReadBackReport,
  reasonLine,
  sizeInWords,
  TASKS,
  type TaskSpec,
  taskByName,
  threadWorkers,
  WRITERS,
  writerByName,
} from '@maskwords/data'
import { type DataRecord, READERS, type Reader, readerByName, recogniseData } from '@maskwords/datasets'
import type { Progress } from '@maskwords/files'
import {
  CODEC_OPTIONS,
  type Context,
  codecRequest,
  counted,
  DEFAULT_CODEC,
  defineCommand,
  ENCODE_OPTIONS,
  isShipped,
  loadCodec,
  MaskwordsError,
  shippedFolder,
  TEXT_OPTIONS,
  tableLines,
  throwIfAborted,
  VERSION,
} from '@maskwords/files'
import { pluginHashes } from '@maskwords/plugins'
import { encodingOf, vocabularyName } from '@maskwords/words'
import { refuseOtherVocabulary } from './model-words.ts'
import { nextSteps } from './next-steps.ts'
import { type CodecRequest, openEngine, startEngineThread } from './prepare-worker.ts'

/** Conversations of a shard: lines are small; pictures in bytes are some hundred kilobytes each, and a shard is held in memory. */
const PATH_SHARD_SIZE = 10_000
const BYTES_SHARD_SIZE = 500
/** Regions below which GETok is done before a thread has started. */
const WORTH_THREADS = 4000
/** Losses that are named one by one; problems.jsonl has all. */
const SHOWN_REASONS = 3
/** Reading says how far it is this often. */
const READ_NOTE_MS = 5000

const OPTIONS = {
  root: {
    type: 'text',
    valueName: 'folder',
    help: "the datasets' folder (default: this one; of --annotations, the file's)",
  },
  annotations: {
    type: 'text',
    valueName: 'file',
    help: 'the annotation file (COCO or JSON Lines), whatever its name; its pictures lie under --root',
  },
  class: {
    type: 'text',
    valueName: 'name',
    help: 'what regions without a name are called, as in --class crack for photos with masks of cracks',
  },
  to: {
    type: 'text',
    valueName: 'writer',
    names: WRITERS.map(({ name }) => name),
    help: 'the trainer: qwen, ms-swift, llama-factory, easyr1, verl, trl, ... (docs/prepare.md)',
  },
  output: {
    type: 'text',
    short: 'o',
    valueName: 'folder',
    help: 'the folder to write; its name is the name of the dataset',
  },
  task: {
    type: 'text',
    valueName: 'list',
    names: TASKS.map(({ name }) => name),
    help: 'tasks with their settings, as in referring:limit=3,region-caption (default: what the sources are made for)',
  },
  plan: { type: 'flag', help: 'only say what would be read, written and dropped' },
  seed: {
    type: 'integer',
    min: 0,
    max: 2 ** 31 - 1,
    help: 'seed of templates, distractors and sampling (default 0)',
  },
  pictures: {
    type: 'choice',
    choices: ['path', 'bytes'],
    help: "refer to picture files or embed them (default: as the trainer's examples do)",
  },
  'picture-paths': {
    type: 'choice',
    choices: ['relative', 'absolute'],
    help: 'picture paths from the output folder on, or absolute (default relative)',
  },
  'missing-pictures': {
    type: 'choice',
    choices: ['auto', 'drop', 'keep'],
    help: 'samples whose picture is not there: auto keeps them where a source has no picture at all (default auto)',
  },
  'repair-pictures': {
    type: 'choice',
    choices: ['pad', 'resize', 'skip'],
    help: 'pictures at which the trainer stops (too long, small or large): make them fit, words of what they become (default: only say so)',
  },
  'same-id': {
    type: 'choice',
    choices: ['refuse', 'first', 'last'],
    help: 'two different pictures (or categories) of one id: take neither, the first, or the last as pycocotools does (default refuse)',
  },
  'min-iou': {
    type: 'number',
    min: 0,
    max: 1,
    help: `labels whose words read back below this IoU are left out (default ${WEAK_IOU}; getok, whose masks a segmenter draws, 0)`,
  },
  'min-area': {
    type: 'number',
    min: 0,
    max: 1,
    help: 'regions that cover less of their picture are left out, as in 0.001 for 0.1 % (default 0)',
  },
  'shard-size': {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    help: 'conversations of a file (default 10000, with bytes 500)',
  },
  encoding: TEXT_OPTIONS.encoding,
  'empty-think': { type: 'flag', help: "begin answers without a thought with Qwen3's empty one" },
  'truth-masks': {
    type: 'flag',
    help: 'put the masks themselves (COCO RLE) into the truth of reinforcement learning, for rewards of pixels',
  },
  jobs: {
    type: 'integer',
    min: 1,
    max: 64,
    help: 'threads (default all cores for getok, 1 for networks); files never depend on it',
  },
  model: {
    type: 'text',
    valueName: 'folder',
    help: 'the language model that will be trained: refuse to write words that its tokenizer lacks',
  },
  limit: { type: 'integer', min: 1, max: 2 ** 31 - 1, help: 'pictures of each source, for a first look' },
  overwrite: { type: 'flag', help: 'forget what an earlier run left in the folder' },
  ...CODEC_OPTIONS,
  ...ENCODE_OPTIONS,
} as const

type PrepareContext = Context<typeof OPTIONS>

export const command = defineCommand({
  spec: {
    name: 'prepare',
    summary: 'Turn your data and published datasets into training files, masks in words.',
    details: [
      'A source is a folder or an annotation file of your own, or name[:split][@folder][%weight]: coco:val2017@coco%50 takes half',
      'of its samples, %150 all and half of them a second time. The folder is relative to --root. Shows a plan, then writes shards, report.html, report.json,',
      'problems.jsonl and dataset.json. Bad samples cost themselves, never the run. Stopped or killed, the same command goes on',
      'where it was; the files are the same, byte for byte. docs/prepare.md has the sources, tasks and trainers.',
    ],
    arguments: [
      {
        name: 'source',
        many: true,
        optional: true,
        names: Object.keys(READERS),
        help: 'a folder, an annotation file, or coco, refcoco, grefcoco, lvis, ... (docs/datasets.md)',
      },
    ],
    options: OPTIONS,
    examples: [
      {
        command: 'maskwords prepare photos/ --to ms-swift -o train',
        note: 'your own: COCO, YOLO, CVAT, Label Studio, labelme, or photos with masks',
      },
      {
        command: 'maskwords prepare --annotations my.json --root photos/ --to qwen -o train',
        note: 'your COCO file and the folder of its pictures',
      },
      {
        command: 'maskwords prepare refcoco --root data/ --codec samtok-nano --to ms-swift -o train/',
        note: 'a training set for ms-swift',
      },
      {
        command: 'maskwords prepare refcoco coco%50 --root data/ --to qwen --plan',
        note: 'what that would be',
      },
      {
        command:
          'maskwords prepare coco --task open-vocabulary:distractors=5 --to verl -o rl/ --pictures path',
        note: 'one task, set',
      },
    ],
  },
  async run(context) {
    const { options, io, talk } = context
    const request = codecRequest(context, await languageFor(context))
    const codec = await loadCodec(request.source, { ...request.options, signal: io.signal })
    const vocabulary = { ...codec.vocabulary }
    const { needsImage, name: codecName } = codec
    await codec.close()
    const language = vocabularyName(vocabulary)
    if (options.model !== undefined)
      await refuseOtherVocabulary(context.path(options.model), { name: language, vocabulary })
    const config = await configOf(context, request, codecName, vocabulary, needsImage)
    const isNetwork = needsImage || vocabulary.kind !== 'getok'
    const jobs = options.jobs ?? (isNetwork ? 1 : availableParallelism())
    const progress = progressOf(context)
    const common = {
      config,
      readerOf,
      writer: writerByName(config.writer),
      name: nameOf(context),
      needsImage,
      vocabulary: { wordCount: vocabulary.wordCount, ...tokensPerMask(vocabulary, options.length) },
      openWorkers: async (setup: EngineSetup) =>
        options.jobs === undefined && !isNetwork && setup.regions < WORTH_THREADS
          ? localWorkers(await openEngine(setup, request))
          : threadWorkers(jobs, () => startEngineThread(setup, request)),
      signal: io.signal,
      progress: progress.steps,
    }
    try {
      if (options.plan) {
        const plan = await planOnly(common)
        await progress.clear()
        if (options.json) await context.printJson({ plan })
        else await context.print(planLines(plan, config).join('\n'))
        refuseBlind(plan, codecName, needsImage)
        // A plan that writes nothing fails as its run would.
        checkPlan(plan)
        return 0
      }
      if (options.output === undefined) {
        throw new MaskwordsError('usage', 'prepare needs a folder to write', {
          hint: 'name it with -o, or look first with --plan',
        })
      }
      const folder = context.path(options.output)
      const result = await prepare({
        ...common,
        folder,
        overwrite: options.overwrite === true,
        async onPlan(plan) {
          await progress.clear()
          for (const line of planLines(plan, config)) await talk.note(line)
          refuseBlind(plan, codecName, needsImage)
        },
        async onResume(shards, conversations) {
          await talk.note(
            `going on behind ${counted(shards, 'shard')} with ${counted(conversations, 'conversation')}`,
          )
        },
      })
      await progress.clear()
      await sayResult(context, options.output, result)
      return 0
    } catch (error) {
      await progress.clear()
      if (io.signal.aborted && options.output !== undefined && !options.plan) {
        await talk.note('stopped; the same command goes on where this one was')
      }
      throwIfAborted(io.signal)
      throw error
    }
  },
})

/** The reader of this name. Throws MaskwordsError `usage`. */
function readerOf(name: string, written = name): Reader {
  const reader = readerByName(name)
  if (reader !== undefined) return reader
  throw new MaskwordsError('usage', `there is no dataset, folder or file "${written}"`, {
    hint: namesHint(name, Object.keys(READERS)),
  })
}

function tokensPerMask(
  vocabulary: MaskCodec['vocabulary'],
  length: number | undefined,
): { tokensPerMask?: number } {
  if (vocabulary.kind === 'samtok') return { tokensPerMask: vocabulary.levels + 2 }
  return vocabulary.kind === 'himtok' ? { tokensPerMask: (length ?? vocabulary.maxLength) + 2 } : {}
}

function nameOf({ options, path }: PrepareContext): string {
  const name = options.output === undefined ? 'plan' : basename(resolve(path(options.output)))
  return name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+/, '') || 'dataset'
}

async function configOf(
  context: PrepareContext,
  request: CodecRequest,
  codecName: string,
  vocabulary: MaskCodec['vocabulary'],
  needsImage: boolean,
): Promise<PrepareConfig> {
  const { options, path, talk } = context
  if (options.to === undefined) {
    throw new MaskwordsError('usage', 'prepare needs a trainer to write for', {
      hint: 'for example --to ms-swift',
    })
  }
  const writer = writerByName(options.to)
  const output = path(options.output ?? '.')
  const isAbsolute = options['picture-paths'] === 'absolute'
  const sources = sourcesOf(context).map(({ root, ...source }): PrepareSource => {
    const way = isAbsolute ? root : relative(output, root)
    const slashed = way.split(sep).join('/')
    return { ...source, root, picturePrefix: slashed === '' ? '' : `${slashed.replace(/\/$/, '')}/` }
  })
  const stamp: CodecStamp = {
    name: codecName,
    vocabulary: vocabularyName(vocabulary),
    options: {
      ...(vocabulary.kind === 'getok' && { cells: vocabulary.gridSize, refine: options.refine === true }),
      ...(options.length !== undefined && { length: options.length }),
      ...(options.search !== undefined && { search: options.search }),
      ...(options.pillow !== undefined && { pillow: options.pillow }),
    },
    ...(await weightsHash(request.source)),
  }
  let pictures = options.pictures ?? (writer.wantsBytes ? 'bytes' : 'path')
  if (
    pictures === 'bytes' &&
    options.pictures === undefined &&
    !needsImage &&
    !(await hasPictures(sources, context))
  ) {
    pictures = 'path'
    await talk.note(`no picture is there: ${writer.name} gets their paths instead of their bytes`)
  }
  // GETok's words are points for a segmenter: the coarse decoder here is not what will draw them.
  const minIou = options['min-iou'] ?? (vocabulary.kind === 'getok' ? 0 : WEAK_IOU)
  const minShare = options['min-area'] ?? 0
  return {
    version: VERSION,
    sources,
    tasks: await tasksOf(context, sources),
    ...(options.task === undefined && { tasksAreUsual: true }),
    codec: stamp,
    writer: writer.name,
    ...(pluginHashes().length > 0 && { plugins: pluginHashes().map((sha256) => ({ sha256 })) }),
    pictures,
    shardSize: options['shard-size'] ?? (pictures === 'bytes' ? BYTES_SHARD_SIZE : PATH_SHARD_SIZE),
    seed: options.seed ?? 0,
    ...(options.limit !== undefined && { limit: options.limit }),
    missingPictures: options['missing-pictures'] ?? 'auto',
    ...(options.encoding !== undefined && { encoding: encodingOf(options.encoding) }),
    ...(options['repair-pictures'] !== undefined && { repair: options['repair-pictures'] }),
    ...(options['same-id'] === 'first' || options['same-id'] === 'last'
      ? { sameId: options['same-id'] }
      : {}),
    ...(options.class !== undefined && { regionName: options.class }),
    ...(minShare > 0 && { minShare }),
    ...(minIou > 0 && { minIou }),
    emptyThink: options['empty-think'] === true,
    truthMasks: options['truth-masks'] === true,
    pictureBase: output,
    cropPrefix: isAbsolute ? `${output.split(sep).join('/')}/` : '',
  }
}

type NamedSource = Omit<PrepareSource, 'picturePrefix'>

/** The sources that the command line names: datasets by name, paths by what lies there. Throws MaskwordsError, DataError. */
function sourcesOf({ options, args, path }: PrepareContext): NamedSource[] {
  const { annotations } = options
  const named = annotations === undefined ? undefined : namedFile(annotations, options.root, path)
  if (args.length === 0) {
    if (named === undefined) {
      throw new MaskwordsError(
        'usage',
        'missing <source>: a folder, an annotation file, or the name of a dataset',
        {
          hint: 'maskwords prepare photos/ --to ms-swift -o train',
        },
      )
    }
    const found = recogniseData(named)
    const root = options.root === undefined ? found.root : resolve(path(options.root))
    return [{ reader: found.reader, root, weightPercent: 100, ...annotationsOf(found.reader, root, named) }]
  }
  return args.map((text): NamedSource => {
    const own =
      readerByName(text) === undefined ? parsePathSource(text, (one) => existsSync(path(one))) : undefined
    if (own !== undefined) {
      const { path: place, ...rest } = own
      const found = recogniseData(path(place))
      const file = named === undefined ? {} : annotationsOf(found.reader, found.root, named)
      return { ...found, ...rest, ...file }
    }
    const { reader, split, folder, weightPercent } = parseSource(text)
    const { name } = readerOf(reader, text)
    const root = resolve(path(options.root ?? '.'), folder ?? '')
    const file = named === undefined ? {} : annotationsOf(name, root, named)
    return { reader: name, root, weightPercent, ...(split === undefined ? {} : { split }), ...file }
  })
}

/** Where the file of --annotations is: from here, else from --root. */
function namedFile(name: string, root: string | undefined, path: (name: string) => string): string {
  const places = [path(name), ...(root === undefined ? [] : [resolve(path(root), name)])]
  const found = places.find((place) => existsSync(place))
  if (found !== undefined) return resolve(found)
  throw new MaskwordsError('not-found', 'there is no such annotation file', {
    file: name,
    hint: `looked for ${places.join(' and ')}`,
  })
}

function annotationsOf(reader: string, root: string, file: string): { readonly annotations: string } {
  if (readerOf(reader).takesAnnotations === true)
    return { annotations: relative(root, file).split(sep).join('/') }
  const takers = Object.values(READERS).filter(({ takesAnnotations }) => takesAnnotations === true)
  throw new MaskwordsError('usage', `${reader} finds its files by their names and takes no --annotations`, {
    hint: `these do: ${takers.map(({ name }) => name).join(', ')}; or leave the option out and name the folder`,
  })
}

/** Records looked at before a source counts as one without pictures, or without names. */
const FIRST_RECORDS = 50

/** The first records of a source; what is wrong with them is said when they are read again. */
async function* firstRecords(
  { reader, root, split, annotations }: NamedSource,
  { io, options }: PrepareContext,
): AsyncGenerator<DataRecord> {
  let looked = 0
  const reading = readerOf(reader).read({
    root,
    ...(split === undefined ? {} : { split }),
    ...(annotations === undefined ? {} : { annotations }),
    signal: io.signal,
    encoding: options.encoding,
    onProblem: () => undefined,
    missingPictures: 'keep',
  })
  for await (const record of reading) {
    yield record
    if (++looked === FIRST_RECORDS) return
  }
}

/** What is spoken where nobody says it: the usual language, or one that needs no pictures where there are none. */
async function languageFor(context: PrepareContext): Promise<string> {
  // An option of one language names that language.
  if (context.options.codec !== undefined || codecRequest(context).source !== DEFAULT_CODEC)
    return DEFAULT_CODEC
  // What is wrong with the sources is said when they are read, behind what is wrong with the command line.
  if (await hasPictures(sourcesOf(context), context).catch(() => true)) return DEFAULT_CODEC
  await context.talk.note(
    `no picture is there: words of getok, which needs none, instead of ${DEFAULT_CODEC} (--codec says it)`,
  )
  return 'getok'
}

/** Whether one of the first records of any source has its picture. */
async function hasPictures(sources: readonly NamedSource[], context: PrepareContext): Promise<boolean> {
  for (const source of sources) {
    // Tables bring their pictures.
    if (readerOf(source.reader).pictures !== undefined) return true
    for await (const { picture } of firstRecords(source, context))
      if (existsSync(join(source.root, picture.file))) return true
  }
  return false
}

/** Whether one of the first regions of a source has a name. Asked of sources whose masks alone are known. */
async function hasNames(source: PrepareSource, context: PrepareContext): Promise<boolean> {
  const { gives, takesAnnotations } = readerOf(source.reader)
  // A file of annotations has categories, and reading its beginning is reading all of it.
  if (context.options.class !== undefined || takesAnnotations === true) return true
  if (gives.some((part) => part !== 'masks' && part !== 'boxes')) return true
  for await (const { regions } of firstRecords(source, context))
    if (regions.some(({ category }) => category !== undefined)) return true
  return false
}

/** The tasks asked for, each with settings that it knows; else those that the sources are good for. Throws MaskwordsError `usage`. */
async function tasksOf(context: PrepareContext, sources: readonly PrepareSource[]): Promise<TaskSpec[]> {
  const { task } = context.options
  const isNamed = task === undefined ? await Promise.all(sources.map((one) => hasNames(one, context))) : []
  const specs =
    task === undefined
      ? defaultTasks(
          sources.map(({ reader }, at) => ({ gives: readerOf(reader).gives, isNamed: isNamed[at]! })),
        ).map((name) => ({ name, settings: {} }))
      : parseTasks(task)
  if (specs.length === 0) {
    throw new MaskwordsError('usage', 'no task comes by itself for these sources', {
      hint: 'of these datasets boxes are read, and no masks: name a task with --task, and see what it makes with --plan',
    })
  }
  for (const { name, settings } of specs) {
    const known = taskByName(name).settings
    for (const [key, value] of Object.entries(settings)) {
      const setting = Object.hasOwn(known, key) ? known[key]! : undefined
      if (setting !== undefined && typeof setting.default === typeof value) continue
      const near = nearest(key, Object.keys(known))
      const list = Object.entries(known).map(([one, { default: usual }]) => `${one}=${usual}`)
      const what =
        setting === undefined
          ? `has no setting ${key}`
          : `takes a ${typeof setting.default} for ${key}, got "${value}"`
      throw new MaskwordsError('usage', `task ${name} ${what}`, {
        hint:
          list.length === 0
            ? 'it has no settings'
            : `${near === undefined ? '' : `did you mean ${near}? `}settings and their defaults: ${list.join(', ')}`,
      })
    }
  }
  return specs
}

/** SHA-256 of a codec's files, so that two sets of words are known to be of one language. */
async function weightsHash(source: string): Promise<{ weightsSha256?: string }> {
  const found = isShipped(source)
    ? shippedFolder(source)
    : existsSync(source)
      ? source
      : isHubId(source)
        ? await hubFolder(source)
        : undefined
  if (found === undefined) return {}
  const files = statSync(found).isDirectory()
    ? readdirSync(found)
        .filter((name) => /\.(safetensors|pth|pt|json)$/.test(name))
        .sort()
        .map((name) => join(found, name))
    : [found]
  const hash = createHash('sha256')
  for (const file of files)
    await pipeline(createReadStream(file), async (chunks) => {
      for await (const chunk of chunks) hash.update(chunk as Uint8Array)
    })
  return { weightsSha256: hash.digest('hex') }
}

function progressOf({ talk, options }: PrepareContext) {
  let bar: { progress: Progress; stage: string } | undefined
  let noted = performance.now()
  const step = (stage: string, records: number, total: number, done: () => number) => {
    if (bar?.stage !== stage) bar = { stage, progress: talk.progress(total, 'record') }
    for (let k = done(); k < records; k++) bar.progress.step()
  }
  let filled = 0
  return {
    steps: {
      read(source: string, records: number) {
        const now = performance.now()
        if (options.quiet || now - noted < READ_NOTE_MS) return
        noted = now
        void talk.note(`reading ${source}: ${counted(records, 'record')}`)
      },
      survey: (records: number, total: number) => step('survey', records, total, () => 0),
      fill: (records: number, total: number) => {
        step('fill', records, total, () => filled)
        filled = records
      },
    },
    clear: async () => bar?.progress.clear(),
  }
}

/** Throws where the codec sees pictures, and there is none of any source: every sample would be lost. */
function refuseBlind(plan: Plan, codec: string, needsImage: boolean): void {
  const isBlind = plan.sources.every(
    ({ records, missingPictures }) => records > 0 && missingPictures === records,
  )
  if (!needsImage || !isBlind) return
  throw new MaskwordsError('not-found', `${codec} looks at the pictures, and none is there`, {
    file: plan.sources[0]!.root,
    hint: 'put the pictures where the dataset names them (docs/datasets.md), or speak a language that needs none: --codec himtok-nano or getok',
  })
}

function planLines(plan: Plan, config: PrepareConfig): string[] {
  const number = (value: number) => value.toLocaleString('en-US')
  const sources = tableLines(
    [
      { title: 'source' },
      { title: 'task' },
      { title: 'made', align: 'right' },
      { title: 'taken', align: 'right' },
    ],
    plan.conversations.map(({ source, task, made, taken }) => [source, task, number(made), number(taken)]),
  )
  const dropped = plan.dropped.map(([kind, count]) => `${kind} ${number(count)}`)
  const text = config.pictures === 'bytes' ? 'pictures embedded' : 'pictures as paths'
  return [
    `read ${counted(plan.records, 'record')} of ${counted(plan.pictures, 'picture')} with ${counted(plan.regions, 'region')}`,
    ...sources,
    `write ${counted(plan.taken, 'conversation')} for ${config.writer} in ${counted(plan.shards, 'shard')}, ${text}`,
    `encode ${counted(plan.masks, 'mask')} with ${config.codec.name} (${config.codec.vocabulary}), about ${plan.tokensPerMask.toFixed(1)} tokens each; about ${number(plan.expectedTokens)} tokens in all`,
    dropped.length === 0 ? 'drop nothing of what was read' : `drop ${dropped.join(', ')}`,
    config.minIou === undefined
      ? 'keep labels whatever their words say when they are read back (--min-iou)'
      : `leave out labels whose words read back below an IoU of ${config.minIou} (--min-iou): how many, the run will say`,
    ...plan.reasons.slice(0, SHOWN_REASONS).map((reason) => `  ${reasonLine(reason)}`),
    ...(plan.recordsWithoutConversations === 0
      ? []
      : [`${counted(plan.recordsWithoutConversations, 'record')} give no conversation`]),
    ...plan.notes,
  ]
}

/** How well words say their masks, by size: what is known once they are made. */
function readBackLines(readBack: ReadBackReport | undefined): string[] {
  if (readBack === undefined) return []
  const { masks, meanIou, weak, weakBelow, isSample, bySize } = readBack
  const cells = [...bySize.map((row) => ({ ...row, size: sizeInWords(row.upTo) }))].map((row) => [
    row.size,
    row.masks.toLocaleString('en-US'),
    row.meanIou.toFixed(3),
    row.weak.toLocaleString('en-US'),
  ])
  cells.push([
    isSample ? 'a sample' : 'all',
    masks.toLocaleString('en-US'),
    meanIou.toFixed(3),
    weak.toLocaleString('en-US'),
  ])
  const columns = ['share of the picture', 'masks', 'mean IoU', `below ${weakBelow}`]
  const lines = tableLines(
    columns.map((title, at) => ({ title, align: at === 0 ? 'left' : 'right' })),
    cells,
  )
  return ['  the words, read back:', ...lines.map((line) => `    ${line}`)]
}

async function sayResult(
  context: PrepareContext,
  folder: string,
  { plan, report, files, conversations }: Awaited<ReturnType<typeof prepare>>,
): Promise<void> {
  const steps = report === undefined ? [] : nextSteps(report.stamp, context.options)
  if (context.options.json) {
    await context.printJson({ folder, conversations, files, plan, report, next: steps })
    return
  }
  if (report === undefined) {
    await context.talk.note('nothing to do: the folder holds this very dataset (--overwrite makes it anew)')
    await context.print(folder)
    return
  }
  const lost = report.lost.reduce((sum, { count }) => sum + count, 0)
  await context.print(
    [
      folder,
      `  ${counted(conversations, 'conversation')} in ${counted(report.stamp.shards.length, 'shard')}, ${report.masks.meanTokens.toFixed(1)} tokens a mask`,
      `  report.html  what is in it`,
      ...readBackLines(report.masks.readBack),
      ...(lost === 0 ? [] : [`  problems.jsonl  ${counted(lost, 'sample')} lost, a line for each`]),
      ...report.warnings.map((warning) => `  ${warning}`),
      ...steps.map((step) => `  next: ${step}`),
    ].join('\n'),
  )
}
