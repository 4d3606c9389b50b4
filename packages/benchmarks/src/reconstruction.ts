// `maskwords eval reconstruction`: how much of true masks a codec brings back, beside honest baselines.
import { basename, join } from 'node:path'
import type { MaskCodec } from '@maskwords/codecs'
import {
  baselineFamily,
  type Evaluation,
  evaluateReconstruction,
  formatRowFile,
  lengthMethod,
  type MethodSummary,
  type NamedCodec,
  type RatePoint,
  RECONSTRUCTION_METRICS,
  rateCurveSvg,
  sampleRow,
  sortedRows,
  summarise,
} from '@maskwords/eval'
import {
  CODEC_NAMES,
  CODEC_OPTIONS,
  type Context,
  counted,
  DEFAULT_CODEC,
  decodedText,
  defineCommand,
  ENCODE_OPTIONS,
  type ErrorReport,
  ensureFolder,
  getokCells,
  isTypedError,
  loadCodec,
  localSource,
  MAX_TEXT_BYTES,
  MaskwordsError,
  PICTURE_OPTIONS,
  readInput,
  reportFailures,
  VERSION,
  writeWhole,
} from '@maskwords/files'
import { reconstructionJson, reconstructionLines } from './reconstruction/report.ts'
import { sheetFiles } from './reconstruction/sheets.ts'
import {
  choosePictures,
  parseHoldout,
  planTruth,
  type Skipped,
  truthPictures,
} from './reconstruction/truth.ts'
import { type PlannedPicture, sha256Of } from './reconstruction/truth-plan.ts'

const OPTIONS = {
  model: {
    type: 'text',
    valueName: 'model',
    help: 'refused: no language model has a part in it (the tokenizer of one is named with --codec)',
  },
  codec: {
    type: 'list',
    valueName: 'codec',
    names: CODEC_NAMES,
    help: 'samtok-nano, himtok-nano, getok, getok:64 (cells a side), a folder with weights or a pulled id; may be given several times (default samtok-nano)',
  },
  truth: {
    type: 'text',
    valueName: 'path',
    help: 'a COCO instances file, or a folder with index.json and labels/*.png',
  },
  pictures: {
    type: 'text',
    valueName: 'folder',
    help: 'where the pictures are (default: images beside the truth)',
  },
  'min-area': {
    type: 'number',
    min: 0,
    max: 1,
    help: 'leave out masks that cover less of their picture (default 0.01, which is 1 %)',
  },
  holdout: { type: 'text', valueName: 'k/n', help: 'only part k of n, split by picture id, as in 0/4' },
  ids: { type: 'text', valueName: 'file', help: 'only the pictures whose ids this file has, one a line' },
  limit: { type: 'integer', min: 1, max: 2 ** 31 - 1, help: 'only the first so many pictures, by id' },
  lengths: {
    type: 'text',
    valueName: 'list',
    help: 'also the first so many words of every mask, as in 4,8,16,32 (HiMTok, SAMTok)',
  },
  baselines: {
    type: 'flag',
    help: 'boxes, ellipses and polygons in stated numbers of bits, in the same run',
  },
  'no-boundary': { type: 'flag', help: 'leave out boundary F, which takes a few ms a mask' },
  rows: {
    type: 'text',
    valueName: 'rows.jsonl',
    endings: ['.jsonl'],
    help: 'a row a mask of the first codec, for eval compare',
  },
  curve: { type: 'text', valueName: 'out.svg', endings: ['.svg'], help: 'mean IoU against bits a mask' },
  output: {
    type: 'text',
    short: 'o',
    valueName: 'folder',
    help: 'sheets of the worst, median and best masks, the curve, rows of every method, result.json',
  },
  samples: { type: 'integer', min: 1, max: 60, help: 'masks on a sheet (default 12)' },
  batch: {
    type: 'integer',
    min: 1,
    max: 256,
    help: 'masks that go to a codec in one call (default 16); times are shared evenly among them',
  },
  seed: { type: 'integer', min: 0, max: 2 ** 31 - 1, help: 'seed of the bootstrap intervals (default 0)' },
  segmenter: CODEC_OPTIONS.segmenter,
  refine: ENCODE_OPTIONS.refine,
  pillow: CODEC_OPTIONS.pillow,
  threads: CODEC_OPTIONS.threads,
  'max-pixels': PICTURE_OPTIONS['max-pixels'],
} as const

type ReconstructionContext = Context<typeof OPTIONS>

export const command = defineCommand({
  spec: {
    name: 'eval reconstruction',
    summary: 'How much of true masks survives words: every mask is encoded and decoded once.',
    details: [
      'IoU is at the resolution of the picture; the mean is over masks, its 95 % interval over pictures (bootstrap).',
      'Crowd annotations and masks under --min-area are left out and counted. A mask that a codec cannot say counts 0.',
      'Without --codec but with --baselines only the baselines are measured. docs/reconstruction.md has the definitions.',
    ],
    arguments: [],
    options: OPTIONS,
    examples: [
      {
        command: 'maskwords eval reconstruction --codec getok --truth instances.json --json',
        note: 'meanIou, masks, perBucket and more',
      },
      {
        command:
          'maskwords eval reconstruction --codec weights/himtok-nano --truth bsds500/val --lengths 4,8,16,32',
        note: 'the first 4, 8, 16 and 32 words of every mask',
      },
      {
        command:
          'maskwords eval reconstruction --codec weights/samtok-nano --codec getok --truth coco/instances.json --holdout 0/4 --baselines -o report',
        note: 'two codecs and the baselines on a held-out quarter, with sheets and a curve',
      },
    ],
  },
  async run(context) {
    const { options, io, talk } = context
    if (options.model !== undefined) {
      throw new MaskwordsError(
        'usage',
        'eval reconstruction asks no model: true masks become words and masks again by the codec alone',
        {
          hint: `the codec of that model: --codec ${options.model}; a model in the loop: eval res, gres, region-caption, ...`,
        },
      )
    }
    if (options.truth === undefined) {
      throw new MaskwordsError('usage', 'eval reconstruction needs --truth', {
        hint: '--truth instances.json, or a folder with index.json and labels/*.png',
      })
    }
    const plan = await planTruth({
      truth: context.path(options.truth),
      pictures: options.pictures === undefined ? undefined : context.path(options.pictures),
      signal: io.signal,
    })
    const failures: ErrorReport[] = [...plan.failures]
    const chosen = choosePictures(plan.pictures, {
      holdout: options.holdout === undefined ? undefined : parseHoldout(options.holdout),
      ids: await idsOf(context),
      limit: options.limit,
    })
    const lengths = lengthList(options.lengths)
    const skipped: Skipped = { crowd: 0, small: 0, empty: 0 }
    const codecs = await openCodecs(context)
    try {
      const evaluation = await evaluate(context, { chosen, codecs, lengths, skipped, failures })
      if (evaluation.methods.length === 0) {
        const [first] = failures
        throw new MaskwordsError(
          'not-found',
          `there is no mask to evaluate (${counted(chosen.length, 'picture')} chosen)`,
          { hint: first === undefined ? 'look at --min-area, --holdout and --ids' : first.message },
        )
      }
      const seed = options.seed ?? 0
      const summaries = evaluation.methods.map((method) => summarise(evaluation.rows.get(method)!, seed))
      const about = {
        truth: options.truth,
        sha256: plan.sha256,
        holdout: options.holdout,
        pillow: options.pillow,
        minArea: options['min-area'] ?? 0.01,
        seed,
        skipped,
        failures,
      }
      const report = { evaluation, summaries, about, codecs: codecs.map(({ name }) => name) }
      const json = reconstructionJson(report)
      const files = await writeFiles(context, {
        evaluation,
        summaries,
        codecs,
        chosen,
        failures,
        about,
        json,
      })
      if (options.json) {
        await context.printJson({ ...json, ...(files.length > 0 && { files }), errors: failures })
      } else {
        for (const line of reconstructionLines(report)) await context.print(line)
        const rows = files.filter((file) => file.endsWith('.jsonl'))
        for (const file of files) if (!rows.includes(file)) await talk.note(`wrote ${file}`)
        if (rows.length > 0) await talk.note(`wrote ${counted(rows.length, 'file')} of rows: ${rows[0]}, ...`)
      }
      return await reportFailures(context as unknown as Context, failures)
    } finally {
      for (const { codec } of codecs) await codec.close()
    }
  },
})

type OpenedCodec = NamedCodec & { readonly codec: MaskCodec; readonly family: string }

/** The codecs of --codec; without it none where baselines are asked for, else the default one. */
async function openCodecs({ options, io, path }: ReconstructionContext): Promise<OpenedCodec[]> {
  const sources = options.codec ?? (options.baselines ? [] : [DEFAULT_CODEC])
  const forGetok = (['refine', 'segmenter'] as const).find((name) => options[name] !== undefined)
  if (forGetok !== undefined && sources.every((source) => getokCells(source) === undefined))
    throw new MaskwordsError('usage', `--${forGetok} is for getok, which is not among the codecs`)
  if (options.pillow !== undefined && sources.every((source) => getokCells(source) !== undefined))
    throw new MaskwordsError('usage', '--pillow is for samtok and himtok, which are not among the codecs')
  const opened: OpenedCodec[] = []
  try {
    for (const source of sources) {
      const isGetok = getokCells(source) !== undefined
      const name = isGetok ? source : basename(source.replace(/[\\/]+$/, ''))
      if (opened.some((other) => other.name === name)) {
        throw new MaskwordsError('usage', `--codec ${name} is given twice`)
      }
      const codec = await loadCodec(localSource(path, source), {
        ...(isGetok && options.refine !== undefined && { refine: options.refine }),
        ...(isGetok &&
          options.segmenter !== undefined && { segmenter: localSource(path, options.segmenter) }),
        ...(!isGetok && options.pillow !== undefined && { pillow: options.pillow }),
        ...(options.threads !== undefined && { threads: options.threads }),
        signal: io.signal,
      })
      opened.push({ name, codec, family: isGetok ? 'getok' : name })
    }
    return opened
  } catch (error) {
    for (const { codec } of opened) await codec.close()
    throw error
  }
}

async function evaluate(
  context: ReconstructionContext,
  run: {
    readonly chosen: readonly PlannedPicture[]
    readonly codecs: readonly OpenedCodec[]
    readonly lengths: readonly number[]
    readonly skipped: Skipped
    readonly failures: ErrorReport[]
  },
): Promise<Evaluation> {
  const { options, io, talk } = context
  const progress = talk.progress(run.chosen.length, 'picture')
  try {
    return await evaluateReconstruction({
      pictures: truthPictures(run.chosen, {
        minShare: options['min-area'] ?? 0.01,
        skipped: run.skipped,
        failures: run.failures,
        maxPixels: options['max-pixels'],
        signal: io.signal,
        onPassed: () => progress.step(),
      }),
      codecs: run.codecs,
      lengths: run.lengths,
      baselines: options.baselines ?? false,
      boundary: options['no-boundary'] !== true,
      ...(options.batch !== undefined && { masksACall: options.batch }),
      isFailure: isTypedError,
      onPicture: () => progress.step(),
      signal: io.signal,
    })
  } finally {
    await progress.clear()
  }
}

/** The ids that the file of --ids has: one a line, blank lines passed over. */
async function idsOf({ options, io }: ReconstructionContext): Promise<ReadonlySet<string> | undefined> {
  if (options.ids === undefined) return undefined
  const { bytes, name } = await readInput(io, options.ids, MAX_TEXT_BYTES)
  const lines = decodedText(bytes, name).split('\n')
  return new Set(lines.map((line) => line.trim()).filter((line) => line !== ''))
}

function lengthList(text: string | undefined): number[] {
  if (text === undefined) return []
  const lengths = text.split(',').map((part) => (/^\s*\d{1,4}\s*$/.test(part) ? Number(part) : 0))
  if (!lengths.includes(0)) return [...new Set(lengths)]
  throw new MaskwordsError(
    'usage',
    `--lengths takes numbers with commas between, as in 4,8,16; got "${text}"`,
  )
}

type Written = {
  readonly evaluation: Evaluation
  readonly summaries: readonly MethodSummary[]
  readonly codecs: readonly OpenedCodec[]
  readonly chosen: readonly PlannedPicture[]
  readonly failures: ErrorReport[]
  readonly about: {
    readonly sha256: string
    readonly minArea: number
    readonly holdout: string | undefined
    readonly pillow: string | undefined
  }
  readonly json: unknown
}

/** Writes what --rows, --curve and --output ask for; the names of the files as the user may know them. */
async function writeFiles(context: ReconstructionContext, run: Written): Promise<string[]> {
  const { options, io } = context
  const { evaluation, summaries } = run
  const files: string[] = []
  const write = async (name: string, content: Uint8Array | string) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    await writeWhole(context.path(name), bytes, io.signal)
    files.push(name)
  }
  if (options.rows !== undefined) await write(options.rows, rowFile(run, evaluation.methods[0]!))
  if (options.curve !== undefined) await write(options.curve, rateCurveSvg(ratePoints(summaries, run.codecs)))
  const { output: out } = options
  if (out === undefined) return files
  await ensureFolder(context.path(join(out, 'rows')))
  for (const method of evaluation.methods) {
    await write(join(out, 'rows', `${fileName(method)}.jsonl`), rowFile(run, method))
  }
  await write(join(out, 'rate.svg'), rateCurveSvg(ratePoints(summaries, run.codecs)))
  await write(join(out, 'result.json'), `${JSON.stringify(run.json, undefined, 2)}\n`)
  for (const { name, codec } of run.codecs) {
    const sheets = sheetFiles({
      name,
      codec,
      rows: evaluation.rows.get(name)!,
      planned: run.chosen,
      samples: options.samples ?? 12,
      maxPixels: options['max-pixels'],
      signal: io.signal,
    })
    for await (const { kind, png } of sheets) await write(join(out, `${fileName(name)}-${kind}.png`), png)
  }
  return files
}

/** A method's name as part of a file name. */
function fileName(method: string): string {
  return method.replace(/[^\w.-]+/g, '-')
}

/** A method's rows, with what they belong to; `maskwords eval compare` reads two such files. */
function rowFile({ evaluation, about }: Written, method: string): string {
  const rows = sortedRows(evaluation.rows.get(method)!).map(sampleRow)
  return formatRowFile({
    stamp: {
      benchmark: 'reconstruction',
      mode: 'correct',
      // The same truth and the same samples of it: only then do two files compare.
      dataset: sha256Of([about.sha256, ...rows.map(({ id }) => id)].join('\n')),
      codec: method,
      version: VERSION,
      settings: {
        minArea: about.minArea,
        ...(about.holdout !== undefined && { holdout: about.holdout }),
        ...(about.pillow !== undefined && { pillow: about.pillow }),
      },
    },
    metrics: RECONSTRUCTION_METRICS.filter(
      ({ name }) => name === 'meanIou' || rows.some(({ values }) => values['boundaryF'] !== undefined),
    ),
    rows,
  })
}

function ratePoints(summaries: readonly MethodSummary[], codecs: readonly OpenedCodec[]): RatePoint[] {
  return summaries.map((summary) => {
    const owner = codecs.find(
      ({ name }) => summary.method === name || summary.method.startsWith(lengthMethod(name, 0).slice(0, -1)),
    )
    return { summary, family: owner?.family ?? baselineFamily(summary.method) ?? summary.method }
  })
}
