// `maskwords eval coco`: average precision and recall of masks or boxes, COCO's twelve numbers or LVIS's thirteen.
import { createHash } from 'node:crypto'
import {
  COCO_STAT_NAMES,
  type CocoProblem,
  type CocoStats,
  evaluateCoco,
  evaluateLvis,
  formatRowFile,
  LVIS_MAX_DETECTIONS,
  LVIS_STAT_NAMES,
  type LvisStats,
  type Metric,
  type RowFile,
  readCocoDetections,
  readCocoTruth,
  type SampleRow,
} from '@maskwords/eval'
import {
  counted,
  defineCommand,
  type ErrorReport,
  isTypedError,
  located,
  MAX_JSON_BYTES,
  MaskwordsError,
  parseJson,
  printable,
  readInput,
  refuseSameFile,
  reportFailures,
  tableLines,
  VERSION,
  writeWhole,
} from '@maskwords/files'
import { answeredDetections, type CocoAskingContext, onlyPictures } from './coco-asking.ts'
import { LOOP_OPTIONS } from './loop/options.ts'
import { EVAL_OPTIONS } from './options.ts'

const TITLES: Readonly<Record<keyof (CocoStats & LvisStats), string>> = {
  ap: 'average precision, IoU 0.50 to 0.95',
  ap50: 'average precision, IoU 0.50',
  ap75: 'average precision, IoU 0.75',
  apSmall: 'average precision, small: up to 32 x 32 pixels',
  apMedium: 'average precision, medium: up to 96 x 96 pixels',
  apLarge: 'average precision, large',
  apRare: 'average precision, rare categories',
  apCommon: 'average precision, common categories',
  apFrequent: 'average precision, frequent categories',
  ar300: `average recall, ${LVIS_MAX_DETECTIONS} detections a picture`,
  ar1: 'average recall, 1 detection a picture and category',
  ar10: 'average recall, 10 detections',
  ar100: 'average recall, 100 detections',
  arSmall: 'average recall, small',
  arMedium: 'average recall, medium',
  arLarge: 'average recall, large',
}

/** What rows can say: AP is no sum over pictures, these are. */
const ROW_METRICS: readonly Metric[] = [
  {
    name: 'precision@0.5',
    title: 'share of detections that are right at IoU 0.5, whatever their score',
    parts: [{ numerator: 'hits50', denominator: 'detections' }],
  },
  {
    name: 'recall@0.5',
    title: 'share of truths found at IoU 0.5',
    parts: [{ numerator: 'hits50', denominator: 'truths' }],
  },
  {
    name: 'recall@0.75',
    title: 'share of truths found at IoU 0.75',
    parts: [{ numerator: 'hits75', denominator: 'truths' }],
  },
]

export const command = defineCommand({
  spec: {
    name: 'eval coco',
    summary: 'Average precision and recall of masks or boxes: the numbers of the COCO or LVIS evaluation.',
    details: [
      'Predictions are a COCO result file: a list of {image_id, category_id, score, segmentation or bbox}.',
      'A truth whose images have neg_category_ids or not_exhaustive_category_ids (LVIS, PACO) is scored by the rules of LVIS.',
      '--model asks for the masks of all categories in each picture; a mask is as sure as the model holds it probable (1 where nobody says).',
      'A number is -1 where there is nothing to find. With --mode official a truth of id 0 is never hit, as published.',
    ],
    arguments: [],
    options: {
      ...LOOP_OPTIONS,
      codec: EVAL_OPTIONS.codec,
      segmenter: EVAL_OPTIONS.segmenter,
      n: EVAL_OPTIONS.n,
      threads: EVAL_OPTIONS.threads,
      'thought-open': EVAL_OPTIONS['thought-open'],
      limit: { ...EVAL_OPTIONS.limit, help: 'this many pictures, drawn by --seed (--model)' },
      seed: {
        ...EVAL_OPTIONS.seed,
        help: 'seed of --limit, and of answers at a temperature above 0 (default 0)',
      },
      pictures: {
        type: 'text',
        valueName: 'folder',
        help: 'where the pictures are, for --model (default: beside the truth)',
      },
      predictions: {
        type: 'text',
        valueName: 'file',
        help: 'detections, a COCO result file; with --model the answers that are kept, which can be scored without it later',
      },
      truth: { type: 'text', valueName: 'file', help: 'annotations, a COCO file' },
      kind: { type: 'choice', choices: ['mask', 'box'], help: 'what is compared (default mask)' },
      mode: EVAL_OPTIONS.mode,
      rules: {
        type: 'choice',
        choices: ['auto', 'coco', 'lvis'],
        help: 'whose evaluation: auto takes LVIS where the truth has its fields (default auto)',
      },
      'same-id': {
        type: 'choice',
        choices: ['refuse', 'first', 'last'],
        help: 'two different pictures or categories of one id in the truth: count neither, the first, or the last as pycocotools does (default refuse)',
      },
      'one-class': { type: 'flag', help: 'take all categories as one (proposals)' },
      ties: {
        type: 'choice',
        choices: ['in-order', 'together'],
        help: 'equal scores: one after the other in the order of the file, as published, or as one point of the curve (default in-order)',
      },
      rows: {
        type: 'text',
        valueName: 'rows.jsonl',
        endings: ['.jsonl'],
        help: 'write one row a picture, for eval compare',
      },
    },
    examples: [
      {
        command: 'maskwords eval coco --predictions results.json --truth instances_val2017.json',
        note: 'masks',
      },
      {
        command:
          'maskwords eval coco --truth instances_val2017.json --pictures val2017/ --model ./Qwen3-VL-4B-SAMTok --limit 500',
        note: 'asks a model for the masks of all categories',
      },
      {
        command: 'maskwords eval coco --predictions results.json --truth instances.json --kind box --json',
        note: 'boxes; the JSON has every category, too',
      },
    ],
  },
  async run(context) {
    const { options, io } = context
    const { predictions, truth, kind = 'mask', mode = 'correct' } = options
    if (truth === undefined || (predictions === undefined && options.model === undefined)) {
      const missing = truth === undefined ? '--truth: a COCO file' : '--predictions: a COCO result file'
      throw new MaskwordsError('usage', `missing ${missing}`, { hint: 'maskwords eval coco --help' })
    }
    if (options.rows !== undefined) {
      const inputs = [predictions, truth].filter((name) => name !== undefined)
      await refuseSameFile(
        context.path(options.rows),
        inputs.map((name) => context.path(name)),
      )
    }
    const problems: CocoProblem[] = []
    const failures: ErrorReport[] = []
    const collect = (file: string) => {
      for (const { code, message, at } of problems.splice(0)) {
        failures.push({ code, message, file, ...(at !== undefined && { at }) })
      }
    }
    const truthInput = await readInput(io, truth, MAX_JSON_BYTES)
    const read = inFile(truth, () =>
      readCocoTruth(parseJson(truthInput.bytes, truth), kind, { sameId: options['same-id'] ?? 'refuse' }),
    )
    problems.push(...read.problems)
    collect(truth)
    const asked = await answeredDetections(context as unknown as CocoAskingContext, {
      truth,
      json: parseJson(truthInput.bytes, truth),
      read,
    })
    const file = asked?.file ?? predictions!
    const found = asked?.detections ?? parseJson((await readInput(io, file, MAX_JSON_BYTES)).bytes, file)
    const looked = asked === undefined ? read : onlyPictures(read, asked.pictureIds)
    const results = inFile(file, () => readCocoDetections(found, looked, kind))
    problems.push(...results.problems)
    failures.push(...(asked?.failures ?? []))
    const isLvis = options.rules === 'lvis' || (options.rules !== 'coco' && looked.isFederated)
    if (isLvis && options['one-class']) {
      throw new MaskwordsError('usage', 'LVIS has no evaluation of all categories as one', {
        hint: 'add --rules coco, which takes every unannotated category for absent',
      })
    }
    const input = {
      kind,
      mode,
      pictures: looked.pictures,
      categories: looked.categories,
      truths: looked.truths,
      detections: results.detections,
      useCategories: !options['one-class'],
      ...(options.ties !== undefined && { ties: options.ties }),
      open: looked.lost,
      onProblem: (problem: CocoProblem) => void problems.push(problem),
    }
    const result = isLvis ? evaluateLvis(input) : evaluateCoco(input)
    if (isLvis && options.rules !== 'lvis') {
      await context.talk.note(
        'the truth has the fields of LVIS: scored by its rules (--rules coco for those of COCO)',
      )
    }
    if (!isLvis && looked.isFederated) {
      await context.talk.note(
        'the truth has the fields of LVIS, which --rules coco does not use: what nobody looked for counts as absent',
      )
    }
    collect(file)
    if (result.truths === 0) {
      failures.push({
        code: 'not-found',
        message: 'the truth has no annotation to find: nothing was compared',
        file: truth,
      })
    }
    const files: string[] = []
    const stamp: RowFile['stamp'] = {
      benchmark: isLvis ? 'lvis' : 'coco',
      mode,
      dataset: createHash('sha256').update(truthInput.bytes).digest('hex'),
      codec: asked?.codec ?? 'masks',
      version: VERSION,
      settings: {
        kind,
        oneClass: options['one-class'] ?? false,
        ...(options.ties !== undefined && { ties: options.ties }),
      },
      ...(asked?.asked !== undefined && { asked: asked.asked }),
    }
    if (options.rows !== undefined) {
      const rows: SampleRow[] = result.rows.map(({ pictureId, ...values }) => ({
        id: String(pictureId),
        status: 'scored',
        picture: String(pictureId),
        values,
      }))
      const text = formatRowFile({ stamp, metrics: ROW_METRICS, rows })
      await writeWhole(context.path(options.rows), new TextEncoder().encode(text), io.signal)
      files.push(options.rows)
    }
    const { stats, perCategory, truths, crowds, detections, otherCategory } = result
    if (options.json) {
      await context.printJson({
        benchmark: isLvis ? 'lvis' : 'coco',
        mode,
        kind,
        metrics: stats,
        pictures: looked.pictures.length,
        truths,
        crowds,
        detections,
        otherCategory,
        ...('notLookedFor' in result && {
          notLookedFor: result.notLookedFor,
          beyondLimit: result.beyondLimit,
        }),
        categories: perCategory,
        ...(asked && { answers: { file: asked.file, ...asked.counts } }),
        stamp,
        files,
        errors: failures,
      })
    } else {
      await context.print(
        `${isLvis ? 'lvis' : 'coco'}, ${kind}, ${mode}: ${counted(looked.pictures.length, 'picture')}, ${counted(truths, 'truth')}, ${counted(detections, 'detection')}\n`,
      )
      for (const line of [...statLines(stats, isLvis ? LVIS_STAT_NAMES : COCO_STAT_NAMES), ...files])
        await context.print(printable(line))
    }
    return await reportFailures(context, failures)
  },
})

function inFile<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isTypedError(error)) throw error
    throw located(error, file)
  }
}

function statLines(
  stats: Partial<Record<keyof typeof TITLES, number>>,
  names: readonly (keyof typeof TITLES)[],
): string[] {
  return tableLines(
    [{ title: 'metric' }, { title: 'value', align: 'right' }, { title: '' }],
    names.map((name) => [
      name,
      (stats[name] ?? -1) === -1 ? '-' : (100 * stats[name]!).toFixed(2),
      TITLES[name],
    ]),
  )
}
