// `maskwords inspect`: says what a file or a text is, and what is wrong with it and how to mend it.

import { existsSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isRecord } from '@maskwords/base'
import { readerByName, recogniseData } from '@maskwords/datasets'
import type { FactValue, Report } from '@maskwords/files'
import {
  type Context,
  decodedText,
  defineCommand,
  type FileKind,
  inspectCheckpoint,
  inspectDataset,
  inspectGguf,
  inspectModelFolder,
  inspectPicture,
  inspectText,
  isModelFolder,
  isPattern,
  isTypedError,
  kindInWords,
  listFiles,
  MASK_OPTIONS,
  MAX_JSON_BYTES,
  MAX_TEXT_BYTES,
  masksOfBytes,
  PICTURE_KINDS,
  PICTURE_OPTIONS,
  parseJson,
  parsePicks,
  printable,
  readInput,
  reportOf,
  reportOfMask,
  sniff,
  tableLines,
} from '@maskwords/files'

const OPTIONS = {
  size: { type: 'size', help: 'size of the picture, for a bare RLE string, polygon or list' },
  'image-id': MASK_OPTIONS['image-id'],
  pick: MASK_OPTIONS.pick,
  encoding: MASK_OPTIONS.encoding,
  'max-pixels': PICTURE_OPTIONS['max-pixels'],
} as const

type InspectContext = Context<typeof OPTIONS>

/** Enough of a file to tell what it is. */
const HEAD_BYTES = 65_536

const CHECKPOINT_KINDS: readonly FileKind[] = ['safetensors', 'zip', 'pickle', 'onnx', 'lfs-pointer']

export const command = defineCommand({
  spec: {
    name: 'inspect',
    summary: 'Say what a file or a text is, and what is wrong with it.',
    details: [
      'Pictures, masks, label maps, COCO and panoptic datasets, CVAT, Label Studio and labelme files, RLE strings,',
      'mask words in text, folders of pictures and annotations, checkpoints (safetensors, torch), folders and GGUF files of language models: their mask words and',
      'what will go wrong with which server or trainer. Exits with 1 where something is broken.',
    ],
    arguments: [
      {
        name: 'thing',
        many: true,
        help: 'a file, the folder of a language model, - for stdin, or the text itself',
      },
    ],
    options: OPTIONS,
    examples: [
      {
        command: 'maskwords inspect photo.jpg mask.png',
        note: 'format, size, orientation, colour, alpha; area and box of the mask',
      },
      {
        command: 'maskwords inspect instances.json',
        note: 'counts, and the mistakes that spoil training in silence',
      },
      {
        command: 'maskwords inspect "It is <|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>."',
        note: 'words, their places and repairs',
      },
      {
        command: 'maskwords inspect Qwen3-VL-4B-SAMTok',
        note: 'a language model: mask words, ids, flags, rows, and which server hides them',
      },
      {
        command: 'maskwords inspect model.safetensors --json',
        note: 'names, types and shapes of all tensors',
      },
    ],
  },
  async run(context) {
    const reports: Report[] = []
    for (const target of await targetsOf(context)) {
      try {
        reports.push(await inspectOne(context, target))
      } catch (error) {
        if (!isTypedError(error) || context.io.signal.aborted) throw error
        const { message, hint, at } = reportOf(error)
        reports.push({
          target,
          kind: 'unreadable',
          what: 'unreadable',
          facts: [],
          problems: [
            {
              problem: message,
              ...(hint !== undefined && { remedy: hint }),
              ...(at !== undefined && { at: String(at) }),
              broken: true,
            },
          ],
        })
      }
    }
    if (context.options.json) {
      await context.printJson({
        reports: reports.map((report) => ({ ...report, facts: Object.fromEntries(report.facts) })),
      })
    } else {
      for (const [i, report] of reports.entries()) await printReport(context, report, i > 0)
    }
    return reports.some((report) => report.problems.some((problem) => problem.broken)) ? 1 : 0
  },
})

/** The arguments, patterns (`*.png`) as the files that fit them. */
async function targetsOf({ args, io }: InspectContext): Promise<string[]> {
  const targets: string[] = []
  for (const target of args) {
    const isGlob = looksLikeText(target) ? false : await isPattern(io, target)
    if (!isGlob) targets.push(target)
    else {
      const { folder, names } = await listFiles(io, [target], { takes: () => true })
      for (const name of names) targets.push(join(folder, name))
    }
  }
  return targets
}

const looksLikeText = (target: string): boolean =>
  /[<[{\n]/.test(target) || target.length > 1024 || target.includes('\0')

/** A folder of data: who reads it, and of what. */
function inspectData(target: string, path: string): Report {
  const { reader, annotations } = recogniseData(path)
  const { title, gives } = readerByName(reader)!
  const facts: [string, FactValue][] = [
    ['reader', reader],
    ...(annotations === undefined ? [] : [['annotations', annotations] as [string, FactValue]]),
    ['may give', gives.join(', ')],
    ['counts', `maskwords prepare ${target} --to jsonl --plan`],
  ]
  return { target, kind: 'dataset', what: title, facts, problems: [] }
}

async function inspectOne(context: InspectContext, target: string): Promise<Report> {
  const { io, options } = context
  const isText = looksLikeText(target)
  const isFile = target !== '-' && !isText && existsSync(context.path(target))
  if (target !== '-' && !isFile) {
    const report = inspectText('text', target, options.size)
    if (report !== undefined && (isText || options.size !== undefined || report.kind === 'words'))
      return report
    if (isText) return await inspectBytes(context, 'text', new TextEncoder().encode(target))
  }
  if (isFile) {
    if ((await stat(context.path(target))).isDirectory()) {
      if (await isModelFolder(context.path(target)))
        return await inspectModelFolder(target, context.path(target))
      return inspectData(target, context.path(target))
    }
    // A checkpoint may be larger than memory: its head tells what it is, and only its header is read.
    const head = await readHead(context.path(target))
    const kind = sniff(head)
    if (kind === 'gguf') return await inspectGguf(target, context.path(target))
    if (CHECKPOINT_KINDS.includes(kind)) {
      return await inspectCheckpoint(target, context.path(target), options.json === true)
    }
  }
  const { name, bytes } = await readInput(io, target, MAX_JSON_BYTES)
  return await inspectBytes(context, name, bytes)
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function inspectBytes(context: InspectContext, name: string, bytes: Uint8Array): Promise<Report> {
  const { options } = context
  const kind = sniff(bytes)
  const maxPixels = options['max-pixels']
  if (PICTURE_KINDS.includes(kind)) return await inspectPicture(name, bytes, kind, maxPixels)
  const value =
    kind === 'json' && bytes.length <= MAX_JSON_BYTES
      ? jsonOrNothing(bytes, name, options.encoding)
      : undefined
  // A caption or category of a dataset may hold words: it is a dataset all the same.
  const dataset = inspectDataset(name, value)
  if (dataset !== undefined) return dataset
  const asText = kind === 'text' || kind === 'json' || kind === 'html'
  if (asText && bytes.length <= MAX_TEXT_BYTES) {
    const report = inspectText(name, decodedText(bytes, name, { encoding: options.encoding }), options.size)
    if (report !== undefined && (kind !== 'json' || report.kind === 'words')) return report
  }
  if (kind === 'json' || kind === 'xml') {
    if (isRecord(value) && isRecord(value['weight_map']) && name !== 'stdin') {
      return await inspectCheckpoint(name, context.path(name), options.json === true)
    }
    const reading = await masksOfBytes(bytes, name, {
      dialect: 'auto',
      size: options.size,
      imageId: options['image-id'],
      picks: parsePicks(options.pick),
      encoding: options.encoding,
      maxPixels,
      note: (text) => context.talk.note(text),
    })
    return reportOfMask(name, reading.masks, reading.failures)
  }
  return {
    target: name,
    kind,
    what: kindInWords(kind),
    facts: [['bytes', bytes.length]],
    problems: [
      {
        problem: `${kindInWords(kind)}: nothing in it that maskwords reads`,
        remedy:
          'pictures, masks, datasets, words and checkpoints are told apart by their content, not by their name',
        broken: true,
      },
    ],
  }
}

/** The value of JSON text; undefined where it is none, for a model's answer may be nearly JSON with words in it. */
function jsonOrNothing(bytes: Uint8Array, name: string, encoding: string | undefined): unknown {
  try {
    return parseJson(bytes, name, encoding)
  } catch (error) {
    if (!isTypedError(error)) throw error
    return undefined
  }
}

async function printReport(context: InspectContext, report: Report, spaced: boolean): Promise<void> {
  const { style } = context
  if (spaced) await context.print('')
  await context.print(`${style.bold(printable(report.target))}: ${report.what}`)
  const width = Math.max(
    0,
    ...report.facts.filter(([, value]) => !Array.isArray(value)).map(([name]) => name.length),
  )
  for (const [name, value] of report.facts) {
    if (!Array.isArray(value))
      await context.print(`  ${style.dim(name.padEnd(width))}  ${printable(String(value))}`)
    else for (const line of factTable(name, value)) await context.print(`  ${line}`)
  }
  for (const problem of report.problems) {
    const mark = problem.broken ? style.red('broken') : style.yellow('look  ')
    const count =
      problem.count !== undefined && problem.count > 1
        ? ` (${problem.count.toLocaleString('en-US')} times`
        : ''
    const place =
      problem.at === undefined
        ? count
          ? `${count})`
          : ''
        : count
          ? `${count}, first at ${problem.at})`
          : ` (${problem.at})`
    await context.print(`  ${mark}  ${printable(problem.problem)}${printable(place)}`)
    if (problem.remedy !== undefined)
      await context.print(`          ${style.cyan(printable(problem.remedy))}`)
  }
}

function factTable(name: string, value: Exclude<FactValue, string | number | boolean>): string[] {
  const titles = name.split(', ')
  const rows = value.map((row) => (Array.isArray(row) ? row : [row]).map((cell) => printable(String(cell))))
  return tableLines(
    titles.map((title) => ({ title })),
    rows,
  )
}
