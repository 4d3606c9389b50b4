// One piece of work for each of many pictures: results are kept line by line, so that a run that was stopped goes on where it was; a picture
// that is broken is told and costs itself alone.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isRecord } from '@maskwords/base'
import {
  type Context,
  counted,
  type ErrorReport,
  ensureFolder,
  isTypedError,
  located,
  MaskwordsError,
  openKeptLines,
  type Progress,
  reportFailures,
  reportOf,
  throwIfAborted,
  VERSION,
  writeWhole,
} from '@maskwords/files'

/** Where the results of each picture are kept, in the folder that is written to. */
export const RESULTS_FILE = 'results.jsonl'

/** Remarks about single pictures that are shown; a thousand of one kind say no more than the first. */
const SHOWN_NOTES = 3

/** A picture, and the files that its result depends on beside it. */
export type Item = {
  /** Relative to the folder of pictures, with forward slashes. */
  readonly picture: string
  /** As the user names it. */
  readonly path: string
  readonly inputs: readonly string[]
  /** What the names of some of these say that is shown: `cup` of `a_cup.png`. */
  readonly shows?: ReadonlyMap<string, string>
}

/** The context of a command that takes many pictures. */
export type ManyContext = Pick<Context, 'io' | 'args' | 'talk' | 'path' | 'print' | 'printJson'> & {
  readonly options: { readonly output?: string; readonly json?: boolean }
}

/** What was made of one picture. */
export type ItemResult = {
  /** What is kept of it, beside its name. */
  readonly record: Readonly<Record<string, unknown>>
  /** Files, named from the output folder on, with forward slashes. */
  readonly files: readonly (readonly [name: string, bytes: Uint8Array])[]
  /** What could not be done; the picture is then tried again by the next run. */
  readonly errors: readonly ErrorReport[]
}

/** A line of the file of results. */
export type KeptResult = Readonly<Record<string, unknown>> & {
  readonly picture: string
  readonly files: readonly string[]
}

export type ManyOptions<C extends ManyContext> = {
  readonly command: string
  readonly items: readonly Item[]
  /** All that results depend on beside the files: the codec and the options. */
  readonly settings: unknown
  /** What else a picture's result depends on, as a text. */
  readonly keyOf?: (item: Item) => string
  readonly work: (item: Item, context: C) => Promise<ItemResult>
}

export type ManyResult = {
  /** Of all pictures that have one, those of earlier runs too, in the order of the items. */
  readonly results: readonly KeptResult[]
  readonly failures: readonly ErrorReport[]
  readonly before: number
  readonly code: 0 | 1
}

/** Options that say how a command runs and talks, not what comes out. */
const NOT_SETTINGS = new Set(['output', 'json', 'quiet', 'help', 'plugin', 'jobs', 'threads', 'overlay'])

/** What the options of a command say of its results. */
export const settingsOf = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !NOT_SETTINGS.has(name)))

/** Does the work of all items that have no result yet. Throws MaskwordsError; what was done until then is kept. */
export async function runMany<C extends ManyContext>(
  context: C,
  options: ManyOptions<C>,
): Promise<ManyResult> {
  const { io, talk } = context
  const { items, work } = options
  const output = outputOf(context, options.command)
  await ensureFolder(context.path(output))
  const file = join(output, RESULTS_FILE)
  const found = new Map<string, KeptResult & { readonly key: string }>()
  const kept = await openKeptLines(context.path(file), (value) => {
    if (isKept(value)) found.set(value.picture, value)
  })
  const failures: ErrorReport[] = []
  const notes = new Notes(talk)
  const results = new Map<string, KeptResult>()
  let before = 0
  try {
    const keys = new Map<string, string>()
    const left: Item[] = []
    for (const item of items) {
      const key = await keyOf(context, item, options)
      keys.set(item.picture, key)
      const one = found.get(item.picture)
      const isDone =
        one?.key === key && one.files.every((name) => existsSync(context.path(join(output, name))))
      if (isDone) results.set(item.picture, one)
      else left.push(item)
    }
    before = results.size
    if (before > 0) await talk.note(`${before} of ${counted(items.length, 'picture')} are done already`)
    const progress = talk.progress(left.length, 'picture')
    for (const item of left) {
      throwIfAborted(io.signal)
      try {
        const { record, files, errors } = await work(item, notes.contextFor(context))
        for (const [name, bytes] of files) {
          const path = context.path(join(output, name))
          await ensureFolder(dirname(path))
          await writeWhole(path, bytes, io.signal)
        }
        for (const error of errors) failures.push({ ...error, file: error.file ?? item.path })
        const names = files.map(([name]) => name)
        const key = errors.length === 0 ? keys.get(item.picture)! : 'incomplete'
        const line = { picture: item.picture, key, files: names, ...record }
        await kept.append(line)
        results.set(item.picture, line)
      } catch (error) {
        if (io.signal.aborted || !isTypedError(error)) throw error
        const report = reportOf(located(error, item.path))
        // A full disk or a closed pipe is of no single picture.
        if (report.code === 'write-failed' || report.code === 'interrupted') throw error
        failures.push(report)
      }
      progress.step()
    }
    await progress.clear()
  } finally {
    await kept.close()
  }
  await notes.end()
  const code = await reportFailures(context, failures)
  return { results: items.flatMap(({ picture }) => results.get(picture) ?? []), failures, before, code }
}

/** What came of many pictures: the folder, or as JSON all results. */
export async function printMany(
  context: ManyContext,
  { results, failures, before }: ManyResult,
  pictures: number,
  sums: Readonly<Record<string, unknown>>,
): Promise<void> {
  const output = outputOf(context, '')
  const failed = pictures - results.length
  if (context.options.json) {
    const file = join(output, RESULTS_FILE)
    await context.printJson({
      folder: output,
      file,
      pictures,
      before,
      failed,
      ...sums,
      results,
      errors: failures,
    })
    return
  }
  await context.print(output)
  const lost = failed === 0 ? '' : `; ${failed} failed, and the same command tries them again`
  await context.talk.note(`${results.length} of ${counted(pictures, 'picture')}${lost}`)
}

/** The folder to write, which many pictures need. Throws MaskwordsError `usage`. */
function outputOf({ options }: ManyContext, command: string): string {
  const { output } = options
  if (output === undefined) {
    throw new MaskwordsError('usage', `many pictures need -o <folder> for what ${command} makes of them`, {
      hint: 'run again with the same folder, it goes on where it was',
    })
  }
  return output
}

function isKept(value: unknown): value is KeptResult & { readonly key: string } {
  return (
    isRecord(value) &&
    typeof value['picture'] === 'string' &&
    typeof value['key'] === 'string' &&
    Array.isArray(value['files']) &&
    value['files'].every((name) => typeof name === 'string')
  )
}

/** What a picture's result depends on, as a few letters: settings, and size and time of each file. */
async function keyOf(
  context: ManyContext,
  item: Item,
  options: Pick<ManyOptions<never>, 'command' | 'settings' | 'keyOf'>,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([VERSION, options.command, options.settings]))
  if (options.keyOf !== undefined) hash.update(options.keyOf(item))
  for (const path of [item.path, ...item.inputs]) {
    const info = await stat(context.path(path)).catch(() => undefined)
    hash.update(JSON.stringify([path, info?.size, info?.mtimeMs]))
  }
  return hash.digest('hex').slice(0, 16)
}

const NO_PROGRESS: Progress = { step() {}, clear: async () => {} }

/** Remarks about single pictures: the first are shown, the others counted. */
class Notes {
  private readonly talk: Context['talk']
  private count = 0

  constructor(talk: Context['talk']) {
    this.talk = talk
  }

  /** The context for one picture: it has no progress of its own. */
  contextFor<C extends ManyContext>(context: C): C {
    const note = async (text: string) => {
      if (++this.count <= SHOWN_NOTES) await this.talk.note(text)
    }
    return { ...context, talk: { ...context.talk, note, progress: () => NO_PROGRESS } }
  }

  async end(): Promise<void> {
    const more = this.count - SHOWN_NOTES
    if (more > 0) await this.talk.note(`and ${counted(more, 'note')} more of this kind`)
  }
}
