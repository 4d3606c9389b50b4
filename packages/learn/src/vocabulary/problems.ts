// What is wrong with a language model's folder, and what that does in which server or trainer. Behaviour of the engines: vLLM
// `chat_completion/protocol.py`, SGLang, llama.cpp `convert_hf_to_gguf.py`, verl `NaiveRewardManager`, TRL `grpo_trainer.py`, EasyR1.
import { type ByteSource, openFileBytes } from '@maskwords/checkpoint'
import { type TokenizerReading, type Vocabulary, wordAt } from '@maskwords/words'
import { readJsonFile } from './folder-files.ts'
import { at, quoted } from './json-source.ts'
import { bytesOfType } from './rows.ts'
import type { FolderTokenizer } from './tokenizer-files.ts'
import type { VocabularyCheck } from './verify.ts'
import type { FolderConfig, FolderWeights } from './weights.ts'

export type FolderProblem = {
  readonly problem: string
  readonly remedy?: string
  /** True where words get lost or the model does not load, not only a thing to know. */
  readonly broken?: boolean
}

export type FoundVocabulary = {
  readonly kind: Vocabulary['kind']
  /** As `nameOfVocabulary`. */
  readonly name: string
  readonly wordCount: number
  readonly present: number
  readonly firstId: number
  readonly lastId: number
  readonly contiguous: boolean
  readonly special: number
}

/** No words, words that are missing or out of order, holes, and what the second tokenizer could not read. */
export function tokenizerProblems(
  tokenizer: FolderTokenizer,
  reading: TokenizerReading | undefined,
  check: VocabularyCheck | undefined,
): FolderProblem[] {
  const problems: FolderProblem[] = []
  if (reading === undefined) {
    problems.push({
      problem: 'no mask words: a base model',
      remedy: 'maskwords extend-vocab <folder> --words samtok-256x2 -o <new folder>',
    })
  }
  for (const { code, message } of reading?.warnings ?? []) {
    // Special words get a line of their own below, by engine.
    if (code === 'special') continue
    problems.push({ problem: message, broken: code === 'missing' || code === 'strip' || code === 'conflict' })
  }
  for (const { problem, file } of tokenizer.contradictions) {
    problems.push({ problem: `${problem}: ids differ from reader to reader (${file})`, broken: true })
  }
  if (tokenizer.holes.count > 0) {
    problems.push({
      problem: `${tokenizer.holes.count} ids below ${tokenizer.tokenCount} belong to no token, the first is ${tokenizer.holes.first}: tokenizers number added tokens anew, so ids differ from the written ones`,
      broken: true,
    })
  }
  const [failure] = check?.failures ?? []
  if (failure !== undefined) {
    problems.push({
      problem: `${check!.failureCount} words are not one token, the first is ${failure.word} in ${quoted(failure.text)}: ${failure.problem}`,
      broken: true,
    })
  }
  return problems
}

/** Words that stand in lists of special tokens: transformers makes them special whatever their own flag says. */
export async function specialLists(
  folder: string,
  tokenizer: FolderTokenizer,
  reading: TokenizerReading | undefined,
): Promise<FolderProblem[]> {
  if (reading === undefined) return []
  const map = await readJsonFile(folder, 'special_tokens_map.json').catch(() => undefined)
  const words = new Set(
    reading.vocabularies.flatMap((v) => Array.from({ length: v.wordCount }, (_, k) => wordAt(v, k))),
  )
  const problems: FolderProblem[] = []
  for (const source of [tokenizer.tokenizerConfig, map]) {
    for (const key of ['additional_special_tokens', 'extra_special_tokens']) {
      const list = at(source?.root, key)
      const items =
        list?.kind === 'array' ? list.items : list?.kind === 'object' ? [...list.entries.values()] : []
      const found = items.filter((item) => {
        const text = item.kind === 'object' ? at(item, 'content') : item
        return text?.kind === 'string' && words.has(text.value)
      }).length
      if (found === 0) continue
      problems.push({
        problem: `${found} words stand in ${key} of ${source!.file.split('/').pop()}: transformers makes them special whatever their flag says`,
        remedy:
          'maskwords extend-vocab <folder> --words <the same words> -o <new folder> takes them out of that list',
        broken: true,
      })
    }
  }
  return problems
}

/** Rows against tokens and against the configuration. */
export function weightProblems(
  config: FolderConfig,
  weights: FolderWeights,
  tokenizer: FolderTokenizer | undefined,
): FolderProblem[] {
  const { rows } = weights
  const problems: FolderProblem[] = weights.notes.map((problem) => ({ problem }))
  for (const { path, value } of config.vocabSizes) {
    if (value === rows) continue
    problems.push({
      problem: `config.json says ${path} ${value}, the embedding has ${rows} rows: loading fails with a size mismatch`,
      remedy: `set ${path} to ${rows}`,
      broken: !config.vocabSizes.some((size) => size.value === rows),
    })
  }
  const tokens = tokenizer?.tokenCount ?? rows
  if (tokens > rows) {
    problems.push({
      problem: `${tokens} tokens, ${rows} rows: ids from ${rows} on crash the embedding`,
      remedy:
        'extend the base folder anew; resize_token_embeddings(len(tokenizer)) mends the sizes in Python',
      broken: true,
    })
  }
  if (tokens < rows) {
    problems.push({
      problem: `${rows - tokens} padding rows have no token: a server can sample such ids (vLLM, SGLang), and len(tokenizer) is not vocab_size`,
      remedy: 'ignore unknown ids in answers; read rows from the tensors, ids from the tokenizer',
    })
  }
  return problems
}

/** Rows of the words: all zero, or all the same, means that nobody drew or trained them. */
export async function rowProblems(
  weights: FolderWeights,
  reading: TokenizerReading,
): Promise<FolderProblem[]> {
  const problems: FolderProblem[] = []
  for (const tensor of weights.rowTensors) {
    if (tensor.role === 'head-bias' || (tensor.role === 'head' && weights.tied)) continue
    const rowBytes = tensor.columns * bytesOfType(tensor.dtype)
    const source = await openFileBytes(tensor.info.file)
    try {
      for (const vocabulary of reading.vocabularies) {
        const ids = [...vocabulary.tokenIds!.ofWord].filter((id) => id >= 0 && id < tensor.rows)
        const kinds = await rowKinds(source, tensor.info.byteOffset, rowBytes, ids)
        if (ids.length < 2 || kinds > 1) continue
        problems.push({
          problem: `the rows of all ${vocabulary.kind} words in ${tensor.name} are the same: they were never drawn nor trained`,
          remedy: 'extend the base folder with maskwords extend-vocab',
          broken: true,
        })
      }
    } finally {
      await source.close()
    }
  }
  return problems
}

/** 1 where all rows hold the same bytes, else 2. Stops at the first difference. */
async function rowKinds(
  source: ByteSource,
  offset: number,
  rowBytes: number,
  ids: readonly number[],
): Promise<1 | 2> {
  let first: Buffer | undefined
  for (const id of ids) {
    const row = Buffer.from(await source.read(offset + id * rowBytes, rowBytes))
    if (first !== undefined && !first.equals(row)) return 2
    first ??= row
  }
  return 1
}

/** What servers and trainers do with words of these flags and shapes. */
export function serverProblems(
  vocabularies: readonly FoundVocabulary[],
  tokenizer: FolderTokenizer,
): FolderProblem[] {
  const problems: FolderProblem[] = []
  const special = vocabularies.reduce((sum, vocabulary) => sum + vocabulary.special, 0)
  if (special > 0) {
    problems.push(
      {
        problem: `${special} words are marked special: vLLM, SGLang, TRL and EasyR1 leave them out of answers unless skip_special_tokens is false`,
        remedy:
          'vLLM, SGLang: "skip_special_tokens": false in each request; EasyR1: worker.reward.skip_special_tokens: false',
        broken: true,
      },
      {
        problem:
          'verl decodes for its rewards with skip_special_tokens=True, which cannot be switched off: every answer arrives without words',
        remedy: 'make them normal: maskwords extend-vocab <folder> --words <the same words> -o <new folder>',
        broken: true,
      },
    )
  }
  if (tokenizer.kind !== 'tokenizer.json') {
    problems.push({
      problem: `no tokenizer.json: vLLM decodes with the slow tokenizer, which puts blanks between added tokens`,
      remedy: '"spaces_between_special_tokens": false in each request, or save a fast tokenizer',
    })
  }
  if (vocabularies.some((vocabulary) => vocabulary.kind !== 'getok')) {
    problems.push({
      problem:
        'llama.cpp takes <|...|> for control tokens whatever their flag, so llama-server, Ollama and LM Studio hide them from answers',
      remedy:
        'maskwords patch-gguf model.gguf -o shown.gguf, or llama-server --special; ollama create from this folder is safe',
    })
  }
  return problems
}

/** Settings of `generation_config.json` that servers apply unasked. */
export async function generationProblems(folder: string): Promise<FolderProblem[]> {
  const source = await readJsonFile(folder, 'generation_config.json')
  const penalty = at(source?.root, 'repetition_penalty')
  if (penalty?.kind !== 'number' || penalty.value === 1) return []
  return [
    {
      problem: `generation_config.json sets repetition_penalty ${penalty.value}: vLLM and SGLang apply it, and several masks in one answer repeat words`,
      remedy: 'say "repetition_penalty": 1 in each request, or choose parity knowingly',
    },
  ]
}
