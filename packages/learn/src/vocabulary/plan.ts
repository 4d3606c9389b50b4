// What extending a folder will do, as data before anything is written: ids, rows, which files change and which stay.
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve, sep } from 'node:path'
import { LearnError } from '../error.ts'
import { readJsonFile } from './folder-files.ts'
import { quoted } from './json-source.ts'
import { type NormalFlags, normalFlags } from './normal-flags.ts'
import { bytesOfType } from './rows.ts'
import { type FolderTokenizer, readFolderTokenizer } from './tokenizer-files.ts'
import { checkWords, openSecondTokenizer } from './verify.ts'
import {
  type FolderConfig,
  type FolderWeights,
  type RowTensor,
  readFolderConfig,
  readFolderWeights,
} from './weights.ts'
import type { WordSet } from './word-list.ts'

/** Rows are rounded up to a multiple of this where they must grow: what ms-swift and Megatron use, and tensor cores like. */
export const DEFAULT_PAD_TO = 128
/** Files of one folder. Published folders have at most some 300. */
const MAX_FILES = 20_000
const MAX_FOLDER_DEPTH = 8

export type ExtendOptions = {
  readonly words: WordSet
  /** Rows become a multiple of this. Not given: nothing grows that need not, and what grows becomes a multiple of 128. */
  readonly padTo?: number
  /** Seed of the new rows (default 0). */
  readonly seed?: number
  /** Standard deviations are multiplied by this (default 1, the paper; 0.02 is what SAMTok's released script does). */
  readonly spread?: number
}

export type PlannedFile = {
  /** Path inside the folder, with `/`. */
  readonly path: string
  readonly byteLength: number
  /** `edit`: text changed in places; `rewrite`: a shard with new rows; `link`: hard link (or copy to another disk); `copy`; `leave-out`. */
  readonly action: 'edit' | 'rewrite' | 'link' | 'copy' | 'leave-out'
  readonly why?: string
}

export type ExtensionPlan = {
  readonly folder: string
  readonly architecture: string
  readonly tokenizer: FolderTokenizer
  readonly config: FolderConfig
  readonly weights: FolderWeights
  readonly words: WordSet
  readonly firstId: number
  readonly lastId: number
  /** The id of each word. */
  readonly ids: readonly number[]
  /** Set where the words are there already and are made normal: nothing but these texts changes. */
  readonly normal: NormalFlags | undefined
  /** `len(tokenizer)` before and after. */
  readonly tokenCount: { readonly before: number; readonly after: number }
  readonly rows: { readonly before: number; readonly after: number }
  readonly padTo: number | undefined
  readonly seed: number
  readonly spread: number
  readonly files: readonly PlannedFile[]
  readonly notes: readonly string[]
}

/**
 * Plans the extension of a folder. Reads its small files and the headers of its shards, nothing else. Throws LearnError `exists` where
 * the words are there already, `mismatch` where tokenizer, configuration and weights contradict each other, and as the readers do.
 */
export async function planExtension(folder: string, options: ExtendOptions): Promise<ExtensionPlan> {
  const { words, padTo, seed = 0, spread = 1 } = options
  checkOption(
    'padTo',
    padTo ?? 1,
    (n) => Number.isInteger(n) && n >= 1 && n <= 65_536,
    'a whole number from 1 to 65536',
  )
  checkOption('seed', seed, (n) => Number.isSafeInteger(n) && n >= 0, 'a whole number of at most 53 bits')
  checkOption('spread', spread, (n) => n >= 0 && n <= 100, 'a number from 0 to 100')
  const full = resolve(folder)
  const files = await walk(full)
  const config = await readFolderConfig(full)
  const tokenizer = await readFolderTokenizer(full)
  const normal = await wordsToMakeNormal(tokenizer, words, full)
  const [contradiction] = tokenizer.contradictions
  if (contradiction !== undefined) {
    throw new LearnError('mismatch', contradiction.problem, {
      file: join(full, contradiction.file),
      hint: 'the files of this tokenizer contradict each other, so no id is certain: fetch the published folder again, or load the right tokenizer with AutoTokenizer and save_pretrained into a folder without the old files',
    })
  }
  if (tokenizer.holes.count > 0) {
    throw new LearnError(
      'mismatch',
      `${tokenizer.holes.count} ids below ${tokenizer.tokenCount} belong to no token, the first is ${tokenizer.holes.first}`,
      {
        file: full,
        hint: 'tokenizers number added tokens without holes, so new ids would differ from the written ones: mend the base first',
      },
    )
  }
  const weights = await readFolderWeights(full, config)
  const before = weights.rows
  const tokens = tokenizer.tokenCount
  if (before < tokens) {
    throw new LearnError('mismatch', `the tokenizer has ${tokens} tokens, the embedding ${before} rows`, {
      file: full,
      hint: 'tokens were added without rows: resize the base, or take the tokenizer that belongs to it',
    })
  }
  const added = normal === undefined ? words.words.length : 0
  const ids = words.words.map((word, i) => tokenizer.idOf.get(word) ?? tokens + i)
  const wanted = tokens + added
  const after =
    normal === undefined && padTo !== undefined
      ? roundUp(Math.max(before, wanted), padTo)
      : wanted <= before
        ? before
        : roundUp(wanted, DEFAULT_PAD_TO)
  checkVocabSizes(config, before)
  const notes = [...weights.notes]
  if (tokenizer.kind !== 'tokenizer.json') {
    notes.push(
      `the tokenizer is a slow one (${tokenizer.kind}): its decoder puts blanks around added tokens unless spaces_between_special_tokens is false`,
    )
  }
  const planned = files.map((file) =>
    planFile(file, { tokenizer, weights, folder: full, grows: after !== before, normal }),
  )
  for (const { path, action, why } of planned)
    if (action === 'leave-out') notes.push(`${path} is left out: ${why}`)
  return {
    folder: full,
    architecture: config.architecture,
    tokenizer,
    config,
    weights,
    words,
    firstId: ids.reduce((least, id) => Math.min(least, id)),
    lastId: ids.reduce((most, id) => Math.max(most, id)),
    ids,
    normal,
    tokenCount: { before: tokens, after: wanted },
    rows: { before, after },
    padTo,
    seed,
    spread,
    files: planned,
    notes,
  }
}

/** Whether a shard holds one of the tensors with a row a token. */
export function rowTensorsOf(weights: FolderWeights, shard: string): readonly RowTensor[] {
  return weights.rowTensors.filter((tensor) => tensor.info.file === shard)
}

/** Bytes that the weights grow by. */
export function growthBytes(plan: ExtensionPlan): number {
  const added = plan.rows.after - plan.rows.before
  return plan.weights.rowTensors.reduce((sum, t) => sum + added * t.columns * bytesOfType(t.dtype), 0)
}

/** Undefined where the words are new; what makes them normal where all are there and are not. Throws `exists`, `mismatch` else. */
async function wordsToMakeNormal(
  tokenizer: FolderTokenizer,
  set: WordSet,
  folder: string,
): Promise<NormalFlags | undefined> {
  const { words } = set
  const known = words.filter((word) => tokenizer.idOf.has(word))
  if (known.length === 0) return undefined
  if (known.length < words.length) {
    throw new LearnError(
      'mismatch',
      `the tokenizer has ${known.length} of the ${words.length} words already, among them ${quoted(known[0]!)}`,
      { file: folder, hint: 'another vocabulary or half an extension: start from the published base folder' },
    )
  }
  const specialTokensMap = await readJsonFile(folder, 'special_tokens_map.json')
  const normal = normalFlags(tokenizer, specialTokensMap, new Set(words))
  if (normal.texts.size > 0) return normal
  await refuseWordsThatAreNotTokens(folder, words, tokenizer)
  const first = tokenizer.idOf.get(words[0]!)!
  const inOrder = words.every((word, i) => tokenizer.idOf.get(word) === first + i)
  throw new LearnError(
    'exists',
    `the folder has all ${words.length} words of ${set.name} already, ${inOrder ? `ids ${first} to ${first + words.length - 1}` : 'with ids out of order'}`,
    { file: folder, hint: 'nothing to do: maskwords inspect tells whether they are as they should be' },
  )
}

/** Words may be in the vocabulary and yet never be found in a text: pieces of the model alone, flags that forbid it. */
async function refuseWordsThatAreNotTokens(
  folder: string,
  words: readonly string[],
  tokenizer: FolderTokenizer,
): Promise<void> {
  const second = await openSecondTokenizer(folder)
  if (second === undefined) return
  const { failures } = checkWords(
    second,
    words,
    words.map((word) => tokenizer.idOf.get(word)!),
  )
  const [first] = failures
  if (first === undefined) return
  throw new LearnError(
    'mismatch',
    `the folder has all ${words.length} words, but ${quoted(first.word)} is not one token in ${JSON.stringify(first.text)}: it ${first.problem}`,
    { file: folder, hint: 'start from the published base folder; maskwords inspect tells what is wrong' },
  )
}

function checkVocabSizes(config: FolderConfig, rows: number): void {
  const { vocabSizes, source } = config
  if (vocabSizes.length === 0 || vocabSizes.some((size) => size.value === rows)) return
  const said = vocabSizes.map(({ path, value }) => `${path} ${value}`).join(', ')
  throw new LearnError('mismatch', `the configuration says ${said}, the embedding has ${rows} rows`, {
    file: source.file,
    hint: 'configuration and weights are of different versions: fetch the folder again',
  })
}

type FoundFile = { path: string; byteLength: number }

/** The same weights in other formats: they would keep the old vocabulary. */
const OTHER_WEIGHTS = /^(?:pytorch_model|tf_model|flax_model|rust_model|consolidated)[^/]*$/
/** Files that are never written to after they are made: a hard link costs nothing and is as good as a copy. */
const LINKED = /\.(?:safetensors|bin|pth?|onnx|gguf|onnx_data|h5|msgpack)$/

function planFile(
  file: FoundFile,
  plan: {
    tokenizer: FolderTokenizer
    weights: FolderWeights
    folder: string
    grows: boolean
    normal: NormalFlags | undefined
  },
): PlannedFile {
  const { path } = file
  const { tokenizer, weights, folder, grows, normal } = plan
  if (normal !== undefined) {
    return { ...file, action: normal.texts.has(path) ? 'edit' : LINKED.test(path) ? 'link' : 'copy' }
  }
  const edited = new Set(['config.json', 'tokenizer.json', 'tokenizer_config.json', 'added_tokens.json'])
  if (weights.byShard.has(join(folder, path))) {
    return { ...file, action: rowTensorsOf(weights, join(folder, path)).length > 0 ? 'rewrite' : 'link' }
  }
  if (path === 'model.safetensors.index.json') return { ...file, action: grows ? 'edit' : 'copy' }
  if (path === 'config.json') return { ...file, action: grows ? 'edit' : 'copy' }
  if (path === 'tokenizer_config.json') {
    const has = tokenizer.tokenizerConfig?.root.kind === 'object'
    return { ...file, action: has && hasDecoder(tokenizer) ? 'edit' : 'copy' }
  }
  if (edited.has(path)) return { ...file, action: 'edit' }
  if (OTHER_WEIGHTS.test(path)) {
    return { ...file, action: 'leave-out', why: 'weights with the old vocabulary' }
  }
  return { ...file, action: LINKED.test(path) ? 'link' : 'copy' }
}

/** Whether `tokenizer_config.json` has the table of added tokens. */
export function hasDecoder(tokenizer: FolderTokenizer): boolean {
  const root = tokenizer.tokenizerConfig?.root
  return root?.kind === 'object' && root.entries.get('added_tokens_decoder')?.kind === 'object'
}

/** Regular files of a folder and those below it, sorted; links are followed, what version control and caches keep is passed over. */
async function walk(folder: string): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  const visit = async (path: string, depth: number): Promise<void> => {
    let names: string[]
    try {
      names = (await readdir(join(folder, path))).sort()
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      const missing = code === 'ENOENT' || code === 'ENOTDIR'
      throw new LearnError(missing ? 'missing' : 'io', missing ? 'there is no such folder' : message, {
        file: join(folder, path),
        cause,
      })
    }
    for (const name of names) {
      if (depth === 0 && (name === '.git' || name === '.cache')) continue
      const inner = path === '' ? name : `${path}/${name}`
      const info = await stat(join(folder, inner)).catch((cause: unknown) => {
        throw new LearnError('missing', 'a link that leads nowhere', { file: join(folder, inner), cause })
      })
      if (info.isDirectory()) {
        if (depth >= MAX_FOLDER_DEPTH) {
          throw new LearnError('too-large', `folders more than ${MAX_FOLDER_DEPTH} deep`, {
            file: join(folder, inner),
          })
        }
        await visit(inner, depth + 1)
      } else if (info.isFile()) found.push({ path: inner, byteLength: info.size })
      if (found.length > MAX_FILES)
        throw new LearnError('too-large', `more than ${MAX_FILES} files`, { file: folder })
    }
  }
  await visit('', 0)
  return found
}

/** Refuses an output that exists, or that lies inside the source. */
export async function checkOutput(folder: string, output: string): Promise<void> {
  const target = resolve(output)
  const source = await realpath(folder).catch(() => resolve(folder))
  const parent = await realpath(join(target, '..')).catch(() => undefined)
  if (parent === undefined) {
    throw new LearnError('missing', 'the folder above the output does not exist', {
      file: target,
      hint: `mkdir -p ${join(target, '..')}`,
    })
  }
  if (`${join(parent, basename(target))}${sep}`.startsWith(`${source}${sep}`)) {
    throw new LearnError('bad-option', 'the output lies in the folder that is read', {
      file: target,
      hint: 'write to a folder beside it',
    })
  }
  const there = await stat(target).catch(() => undefined)
  if (there !== undefined) {
    throw new LearnError('exists', 'the output is there already', {
      file: target,
      hint: 'nothing is overwritten: name a new folder, or remove this one',
    })
  }
}

function checkOption(name: string, value: number, fits: (value: number) => boolean, wanted: string): void {
  if (fits(value)) return
  throw new LearnError('bad-option', `${name} must be ${wanted}, got ${value}`)
}

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple
