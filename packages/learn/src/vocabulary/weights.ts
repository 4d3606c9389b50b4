// The tensors of a language model that have one row a token: input embedding, output head, and what the configuration says
// of them. Names: transformers (Qwen2-VL, Qwen2.5-VL, Qwen3-VL, InternVL, Llama, LLaVA, InternLM2, GPT-2).
import { openCheckpointFile, openFileBytes, type TensorInfo } from '@maskwords/checkpoint'
import { LearnError } from '../error.ts'
import { readJsonFile } from './folder-files.ts'
import { at, type JsonNode, type JsonSource } from './json-source.ts'

/** `model.embed_tokens`, `model.language_model.embed_tokens`, `language_model.model.tok_embeddings`, `transformer.wte`. */
const EMBEDDING = /(?:^|\.)(?:embed_tokens|tok_embeddings|wte)\.weight$/
/** `lm_head`, `language_model.lm_head`; InternLM2 calls it `language_model.output`, alone `output`. */
const HEAD = /(?:^|\.)lm_head\.(?:weight|bias)$|^(?:language_model\.)?output\.(?:weight|bias)$/

/** Types that rows are drawn in. Quantised checkpoints keep embedding and head in one of them. */
export type RowType = 'float32' | 'float16' | 'bfloat16'

/** One tensor with a row a token: [rows, columns], or [rows] for a bias (columns = 1). */
export type RowTensor = {
  readonly name: string
  readonly role: 'embedding' | 'head' | 'head-bias'
  readonly dtype: RowType
  readonly rows: number
  readonly columns: number
  readonly info: TensorInfo
}

export type VocabSize = { readonly path: string; readonly value: number; readonly node: JsonNode }

export type FolderConfig = {
  readonly source: JsonSource
  /** `architectures[0]`, or `model_type`. */
  readonly architecture: string
  /** Every `vocab_size` of a language model: flat, in `text_config`, `llm_config`, `language_config` ... */
  readonly vocabSizes: readonly VocabSize[]
  /** `tie_word_embeddings`; undefined where it is not stated, or stated in two ways. */
  readonly tied: boolean | undefined
}

export type FolderWeights = {
  readonly shards: readonly string[]
  readonly index: JsonSource | undefined
  /** Tensors by shard (full path), in the order of their bytes. */
  readonly byShard: ReadonlyMap<string, readonly TensorInfo[]>
  readonly metadataByShard: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly rowTensors: readonly RowTensor[]
  /** Rows of all row tensors. */
  readonly rows: number
  /** Whether the head is the embedding: by the configuration (unless a saved head holds other values), or because there is no head. */
  readonly tied: boolean
  readonly notes: readonly string[]
}

/** Parts of a configuration that describe a language model; vision and audio towers have vocabularies of their own. */
const TEXT_PARTS: readonly (readonly string[])[] = [
  [],
  ['text_config'],
  ['llm_config'],
  ['language_config'],
  ['language_model_config'],
  ['thinker_config', 'text_config'],
]

/** Reads `config.json`. Throws LearnError `missing`, `malformed`. */
export async function readFolderConfig(folder: string): Promise<FolderConfig> {
  const source = await readJsonFile(folder, 'config.json')
  if (source === undefined) {
    throw new LearnError('missing', 'the folder has no config.json', {
      file: folder,
      hint: 'give the folder of a model, as from_pretrained takes it',
    })
  }
  const vocabSizes: VocabSize[] = []
  const ties = new Set<boolean>()
  for (const path of TEXT_PARTS) {
    const node = at(source.root, ...path, 'vocab_size')
    const name = [...path, 'vocab_size'].join('.')
    if (node !== undefined && node.kind !== 'literal') {
      if (
        node.kind !== 'number' ||
        !Number.isInteger(node.value) ||
        node.value < 1 ||
        node.value >= 2 ** 31
      ) {
        throw new LearnError('malformed', `${name} is no whole number`, { file: source.file, at: name })
      }
      vocabSizes.push({ path: name, value: node.value, node })
    }
    const tie = at(source.root, ...path, 'tie_word_embeddings')
    if (tie?.kind === 'literal' && typeof tie.value === 'boolean') ties.add(tie.value)
  }
  const named = at(source.root, 'architectures')
  const first = named?.kind === 'array' ? named.items[0] : at(source.root, 'model_type')
  return {
    source,
    architecture: first?.kind === 'string' ? first.value : 'unnamed',
    vocabSizes,
    // transformers writes its default beside the true statement: where they contradict each other, the tensors tell.
    tied: ties.size === 1 ? ties.has(true) : undefined,
  }
}

/**
 * Opens the safetensors of a folder (headers only) and finds the tensors with a row a token. Throws CheckpointError for damaged or missing
 * shards; LearnError `unsupported` for other formats and types, `missing` where there is no embedding, `mismatch` for several or for
 * numbers of rows that differ.
 */
export async function readFolderWeights(folder: string, config: FolderConfig): Promise<FolderWeights> {
  const checkpoint = await openCheckpointFile(folder)
  await checkpoint.close()
  if (checkpoint.format !== 'safetensors' && checkpoint.format !== 'sharded') {
    throw new LearnError('unsupported', `the weights are in the format ${checkpoint.format}`, {
      file: checkpoint.name,
      hint: 'save the model as safetensors: model.save_pretrained(folder, safe_serialization=True)',
    })
  }
  const shards = [...new Set([...checkpoint.tensors.values()].map((info) => info.file))].sort()
  const byShard = new Map<string, readonly TensorInfo[]>()
  const metadataByShard = new Map<string, ReadonlyMap<string, string>>()
  for (const shard of shards) {
    const one = await openCheckpointFile(shard)
    await one.close()
    if (one.format !== 'safetensors') {
      throw new LearnError('unsupported', `the weights are in the format ${one.format}`, {
        file: shard,
        hint: 'save the model as safetensors: model.save_pretrained(folder, safe_serialization=True)',
      })
    }
    byShard.set(shard, [...one.tensors.values()])
    metadataByShard.set(shard, one.metadata)
  }
  const rowTensors = [...checkpoint.tensors.values()].flatMap((info) => rowTensorOf(info) ?? [])
  rowTensors.sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role))
  const embeddings = rowTensors.filter((tensor) => tensor.role === 'embedding')
  const heads = rowTensors.filter((tensor) => tensor.role === 'head')
  if (embeddings.length === 0) {
    throw new LearnError('missing', 'no input embedding among the tensors', {
      file: checkpoint.name,
      hint: 'looked for ...embed_tokens.weight, ...tok_embeddings.weight, ...wte.weight; is this an adapter?',
    })
  }
  if (embeddings.length > 1 || heads.length > 1) {
    const names = (embeddings.length > 1 ? embeddings : heads).map((tensor) => tensor.name)
    throw new LearnError('mismatch', `several tensors could have a row a token: ${names.join(', ')}`, {
      file: checkpoint.name,
    })
  }
  const { rows } = embeddings[0]!
  for (const tensor of rowTensors) {
    if (tensor.rows !== rows) {
      throw new LearnError(
        'mismatch',
        `${tensor.name} has ${tensor.rows} rows, ${embeddings[0]!.name} has ${rows}`,
        {
          file: tensor.info.file,
          at: tensor.name,
          hint: 'one of the two was resized alone, and transformers loads neither: resize the base with resize_token_embeddings, which does both, or fetch it again',
        },
      )
    }
  }
  if (config.tied === false && heads.length === 0) {
    throw new LearnError(
      'missing',
      'the configuration says that the head is not tied, and there is no head',
      {
        file: checkpoint.name,
        hint: 'looked for ...lm_head.weight and language_model.output.weight; fetch the folder again',
      },
    )
  }
  const index = await readJsonFile(folder, 'model.safetensors.index.json')
  const notes = [...checkpoint.notes]
  let tied = config.tied ?? heads.length === 0
  if (tied && heads.length === 1 && !(await sameBytes(embeddings[0]!.info, heads[0]!.info))) {
    tied = false
    notes.push(
      `the configuration ties the head to the embedding, but ${heads[0]!.name} holds other values: it counts as a head of its own, as transformers 5 takes it; older versions throw it away`,
    )
  }
  return {
    shards,
    index: checkpoint.format === 'sharded' ? index : undefined,
    byShard,
    metadataByShard,
    rowTensors,
    rows,
    tied,
    notes,
  }
}

/** Bytes that are compared at a time. */
const COMPARED_BYTES = 4 * 1024 * 1024

async function sameBytes(a: TensorInfo, b: TensorInfo): Promise<boolean> {
  if (a.byteLength !== b.byteLength || a.dtype !== b.dtype) return false
  const sources = await Promise.all([openFileBytes(a.file), openFileBytes(b.file)])
  try {
    for (let at = 0; at < a.byteLength; at += COMPARED_BYTES) {
      const length = Math.min(COMPARED_BYTES, a.byteLength - at)
      const [left, right] = await Promise.all([
        sources[0].read(a.byteOffset + at, length),
        sources[1].read(b.byteOffset + at, length),
      ])
      if (!Buffer.from(left).equals(Buffer.from(right))) return false
    }
    return true
  } finally {
    await Promise.all(sources.map((source) => source.close()))
  }
}

const ROLES: readonly RowTensor['role'][] = ['embedding', 'head', 'head-bias']

function rowTensorOf(info: TensorInfo): RowTensor | undefined {
  const { name, shape, dtype, file } = info
  const isEmbedding = EMBEDDING.test(name)
  if (!isEmbedding && !HEAD.test(name)) return undefined
  const role = isEmbedding ? 'embedding' : name.endsWith('.bias') ? 'head-bias' : 'head'
  const rank = role === 'head-bias' ? 1 : 2
  if (shape.length !== rank || shape[0] === 0 || shape[1] === 0) {
    throw new LearnError('mismatch', `${name} has the shape [${shape.join(', ')}], not one row a token`, {
      file,
      at: name,
    })
  }
  if (dtype !== 'float32' && dtype !== 'float16' && dtype !== 'bfloat16') {
    throw new LearnError(
      'unsupported',
      `${name} is ${dtype}; rows are drawn in float32, float16 and bfloat16`,
      {
        file,
        at: name,
        hint: 'extend the model before it is quantised',
      },
    )
  }
  return { name, role, dtype, rows: shape[0]!, columns: shape[1] ?? 1, info }
}
