// Extending a folder for real: everything goes into a folder of a temporary name beside the output, is checked there, and renamed.

import { constants } from 'node:fs'
import { copyFile, link, open, realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeFolders, openFileBytes, writeWholeFolder } from '@maskwords/checkpoint'
import { LearnError } from '../error.ts'
import { editedFiles } from './edits.ts'
import { checkOutput, type ExtensionPlan, rowTensorsOf } from './plan.ts'
import { drawnRow, meanRow, type RowStatistics, rowStatistics } from './rows.ts'
import { type NewRows, rewriteShard } from './shard.ts'
import { readFolderTokenizer } from './tokenizer-files.ts'
import { checkWords, openSecondTokenizer, type VocabularyCheck } from './verify.ts'
import { readFolderConfig, readFolderWeights } from './weights.ts'

export type ExecuteOptions = {
  readonly output: string
  /** Copies files instead of linking them. */
  readonly copy?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (at: { file: string; doneBytes: number; totalBytes: number }) => void
}

export type ExtensionResult = {
  readonly output: string
  /** The words checked with the second tokenizer; undefined where the folder has no `tokenizer.json`. */
  readonly check: VocabularyCheck | undefined
  readonly linked: number
  readonly copied: number
  readonly rewritten: number
  readonly edited: number
}

/**
 * Carries out a plan. The output appears under its name whole or not at all; old rows are copied byte for byte. Memory: a few megabytes
 * beside the tokenizer. Throws LearnError `exists` (output, or another run that writes it), `mismatch` where the check of the result fails,
 * `io`; CheckpointError for shards that change or end while they are read.
 */
export async function executeExtension(
  plan: ExtensionPlan,
  options: ExecuteOptions,
): Promise<ExtensionResult> {
  const output = resolve(options.output)
  await checkOutput(plan.folder, output)
  try {
    return await writeWholeFolder({
      folder: output,
      refused: (holder) =>
        new LearnError('exists', `${holder} writes this output`, {
          file: output,
          hint: 'wait for it, or stop it and run this again',
        }),
      write: async (temporary) => {
        const result = await writeFolder(plan, temporary, options)
        options.signal?.throwIfAborted()
        await checkOutput(plan.folder, output)
        return { output, ...result }
      },
    })
  } catch (error) {
    throw ioError(error, output)
  }
}

async function writeFolder(
  plan: ExtensionPlan,
  temporary: string,
  options: ExecuteOptions,
): Promise<Omit<ExtensionResult, 'output'>> {
  const { signal } = options
  const texts = editedFiles(plan)
  const totalBytes = workBytes(plan)
  let doneBytes = 0
  const count = (file: string) => (bytes: number) => {
    doneBytes += bytes
    options.onProgress?.({ file, doneBytes, totalBytes })
  }
  let linked = 0
  let copied = 0
  let rewritten = 0
  const statistics = await readStatistics(plan, signal, count)
  for (const { path, action } of plan.files) {
    signal?.throwIfAborted()
    if (action === 'leave-out' || texts.has(path)) continue
    const from = join(plan.folder, path)
    const to = join(temporary, path)
    await makeFolders(dirname(to))
    if (action === 'rewrite') {
      await rewriteShard({
        from,
        to,
        tensors: plan.weights.byShard.get(from)!,
        metadata: plan.weights.metadataByShard.get(from)!,
        newRows: newRowsOf(plan, from, statistics),
        onBytes: count(path),
        ...(signal === undefined ? {} : { signal }),
      })
      rewritten++
    } else if (action === 'link' && !options.copy && (await linkFile(from, to))) linked++
    else {
      await copyFile(from, to, constants.COPYFILE_FICLONE)
      copied++
    }
  }
  for (const [name, text] of texts) await writeFlushed(join(temporary, name), text)
  const check = await checkResult(plan, temporary)
  return { check, linked, copied, rewritten, edited: texts.size }
}

/** Statistics by tensor name. A tied head takes those of the embedding: its rows are the same rows. */
async function readStatistics(
  plan: ExtensionPlan,
  signal: AbortSignal | undefined,
  count: (file: string) => (bytes: number) => void,
): Promise<Map<string, RowStatistics>> {
  const found = new Map<string, RowStatistics>()
  if (plan.normal !== undefined) return found
  for (const tensor of plan.weights.rowTensors) {
    const embedding = plan.weights.rowTensors[0]!
    if (sharesRows(plan, tensor.role) && tensor.columns === embedding.columns) {
      found.set(tensor.name, found.get(embedding.name)!)
      continue
    }
    const source = await openFileBytes(tensor.info.file)
    try {
      const statistics = await rowStatistics(source, tensor, {
        rowCount: plan.tokenCount.before,
        onBytes: count(`statistics of ${tensor.name}`),
        ...(signal === undefined ? {} : { signal }),
      })
      found.set(tensor.name, statistics)
    } finally {
      await source.close()
    }
  }
  return found
}

const sharesRows = (plan: ExtensionPlan, role: string): boolean => plan.weights.tied && role === 'head'

/** One stream of random numbers for the embedding (and a head that is tied to it), others for a free head and its bias. */
const STREAMS = { embedding: 0, head: 1, 'head-bias': 2 } as const

function newRowsOf(
  plan: ExtensionPlan,
  shard: string,
  statistics: ReadonlyMap<string, RowStatistics>,
): Map<string, NewRows> {
  const { seed, spread, tokenCount, rows } = plan
  return new Map(
    rowTensorsOf(plan.weights, shard).map((tensor) => {
      const own = statistics.get(tensor.name)!
      const stream = sharesRows(plan, tensor.role) ? STREAMS.embedding : STREAMS[tensor.role]
      const padding = meanRow(own, tensor.dtype)
      return [
        tensor.name,
        {
          tensor,
          keptRows: tokenCount.before,
          madeRows: tokenCount.after - tokenCount.before,
          rows: rows.after,
          madeRow: (word) => drawnRow(own, tensor.dtype, { seed, stream, word, spread }),
          paddingRow: () => padding,
        },
      ]
    }),
  )
}

/** Reads the written folder as a stranger would: sizes, ids, rows, and the words through the second tokenizer. */
async function checkResult(plan: ExtensionPlan, folder: string): Promise<VocabularyCheck | undefined> {
  const wrong = (what: string): never => {
    throw new LearnError('mismatch', `the result is not as planned: ${what}`, {
      file: plan.folder,
      hint: 'nothing was written; please report this with the names of the files in the folder',
    })
  }
  const tokenizer = await readFolderTokenizer(folder)
  const [contradiction] = tokenizer.contradictions
  if (contradiction !== undefined) wrong(contradiction.problem)
  const weights = await readFolderWeights(folder, await readFolderConfig(folder))
  if (weights.rows !== plan.rows.after) wrong(`${weights.rows} rows instead of ${plan.rows.after}`)
  const { words } = plan.words
  const { ids } = plan
  words.forEach((word, i) => {
    if (tokenizer.idOf.get(word) !== ids[i]) wrong(`${word} has the id ${tokenizer.idOf.get(word)}`)
    if (tokenizer.special.has(word)) wrong(`${word} is special`)
  })
  const second = await openSecondTokenizer(folder)
  if (second === undefined) return undefined
  const check = checkWords(second, words, ids)
  const [first] = check.failures
  if (first !== undefined) {
    throw new LearnError(
      'mismatch',
      `the tokenizer does not read ${check.failureCount} words as one token, the first is ${first.word} in ${JSON.stringify(first.text)}: ${first.problem}`,
      {
        file: plan.folder,
        hint: 'a token of the base is part of the words, or takes characters beside them: choose other words',
      },
    )
  }
  return check
}

/** Bytes that are read for statistics and written to shards: what progress counts. */
function workBytes(plan: ExtensionPlan): number {
  let total = 0
  if (plan.normal !== undefined) return total
  for (const file of plan.files) if (file.action === 'rewrite') total += file.byteLength
  for (const tensor of plan.weights.rowTensors) {
    if (!sharesRows(plan, tensor.role)) total += tensor.info.byteLength
    total += (tensor.info.byteLength / tensor.rows) * (plan.rows.after - plan.rows.before)
  }
  return total
}

async function linkFile(from: string, to: string): Promise<boolean> {
  try {
    // Hub caches hold links: the name must lead to the bytes themselves, wherever the cache goes.
    await link(await realpath(from), to)
    return true
  } catch {
    return false
  }
}

async function writeFlushed(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function ioError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error
  const { code } = error as NodeJS.ErrnoException
  const hint =
    code === 'ENOSPC'
      ? 'the disk is full: make room and run it again'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'no permission to write here'
        : undefined
  return new LearnError('io', `cannot be written: ${error.message}`, { file, hint, cause: error })
}
