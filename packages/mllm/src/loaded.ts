// A model's folder, opened whole: tokenizer, template, settings and networks, in the thread that calls.
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Pixels } from '@maskwords/codecs'
import { GraphError } from '@maskwords/graph'
import type { QwenConfig } from '@maskwords/models'
import { readQwenConfig } from '@maskwords/models'
import type { Engine } from './engine.ts'
import { openEngine } from './engine.ts'
import { MllmError } from './error.ts'
import type { ModelFolder } from './folder.ts'
import { openModelFolder } from './folder.ts'
import type { LoadProgress } from './int4.ts'
import type { Looking } from './looking.ts'
import { openLooking } from './looking.ts'
import type { Memory } from './memory.ts'
import { openMemory } from './memory.ts'
import type { Prompt, PromptModel } from './prompt.ts'
import type { PromptRow, SeenTokens } from './prompt-batch.ts'
import type { GenerationSettings } from './settings.ts'
import { readChatTemplate, readGenerationSettings, readPictureSettings } from './settings.ts'
import type { StoredModel } from './stored.ts'
import { openInt4, openPublished, publishedBytes } from './stored.ts'
import type { ModelTokenizer } from './tokenizer.ts'
import { openTokenizer } from './tokenizer.ts'

/** Bytes that features, and keys and values, of earlier questions may take each. */
const MEMORY_BYTES = 1024 ** 3

/** Weights of this size are used as they are. */
const PUBLISHED_BYTES = 2 * 1024 ** 3

export type LoadedModel = PromptModel & {
  readonly path: string
  readonly tokenizer: ModelTokenizer
  readonly generation: GenerationSettings
  readonly engine: Engine
  readonly memory: Memory
  readonly looking: Looking
  /** Ids that end an answer. */
  readonly ends: ReadonlySet<number>
  /** Positions that the model was made for. */
  readonly maxTokens: number | undefined
  close(): Promise<void>
}

export type LoadOptions = {
  /**
   * 'published' uses the files as they are; 'int4' makes and uses the 4-bit file; 'auto' (the default) takes 4 bits for weights of more
   * than 2 GB, which would take twice as much memory in float32.
   */
  readonly weights?: 'auto' | 'published' | 'int4'
  /** Threads of the networks. Default: the machine's cores. */
  readonly threads?: number
  readonly memoryBytes?: number
  readonly onProgress?: (progress: LoadProgress) => void
}

/** What config.json says. */
export async function readModelConfig(folder: ModelFolder): Promise<QwenConfig> {
  const json = await folder.json('config.json')
  if (json === undefined) {
    throw new MllmError('not-found', `${folder.path}: no config.json`, {
      hint: 'is this the folder of a model, or of a mask tokenizer alone?',
    })
  }
  try {
    return readQwenConfig(json)
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    const code = error.code === 'unsupported' ? 'unsupported' : 'damaged'
    throw new MllmError(code, `${folder.path}: ${error.message}`, {
      cause: error,
      ...(error.hint ? { hint: error.hint } : {}),
    })
  }
}

/** What can be known of a folder without its weights. */
export async function readPromptModel(
  path: string,
): Promise<PromptModel & { tokenizer: ModelTokenizer; generation: GenerationSettings }> {
  const folder = await openModelFolder(path)
  const config = await readModelConfig(folder)
  return {
    config,
    tokenizer: await openTokenizer(folder),
    template: await readChatTemplate(folder),
    pictures: await readPictureSettings(folder, config),
    generation: await readGenerationSettings(folder),
  }
}

async function openStored(path: string, config: QwenConfig, options: LoadOptions): Promise<StoredModel> {
  const { weights = 'auto', onProgress } = options
  const four =
    weights === 'int4' || (weights === 'auto' && (await publishedBytes(path, config)) > PUBLISHED_BYTES)
  if (!four) return openPublished(path, config)
  return openInt4(path, config, { onProgress: (done, total) => onProgress?.({ step: 'int4', done, total }) })
}

/**
 * Loads a model in this thread, which its networks then block while they run.
 * @throws MllmError `not-found`, `damaged`, `unsupported`, `out-of-memory`.
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const model = await readPromptModel(path)
  const stored = await openStored(path, model.config, options)
  const threads = options.threads ?? availableParallelism()
  let engine: Engine
  try {
    engine = await openEngine(stored, { threads })
  } catch (error) {
    await stored.close()
    throw error
  }
  const looking = openLooking(model, stored.checkpoint, { threads })
  return {
    ...model,
    path,
    engine,
    looking,
    memory: openMemory(model.config.text, options.memoryBytes ?? MEMORY_BYTES),
    ends: new Set(model.generation.ends),
    maxTokens: model.generation.maxTokens,
    async close() {
      await looking.close()
      await engine.close()
    },
  }
}

/** A prompt as the network takes it: its pictures known by their content, looked at by `looking` where that is given. */
export function promptRow(prompt: Prompt, model: PromptModel & { readonly looking?: Looking }): PromptRow {
  const { config } = model
  let at = 0
  const seen = prompt.seen.map((part): SeenTokens => {
    const kind = part.type === 'picture' ? 1 : 2
    const merge = config.vision!.merge
    const count = (part.grid.frames * part.grid.rows * part.grid.columns) / (merge * merge)
    const places: number[] = []
    for (; places.length < count; at++) if (prompt.kinds[at] === kind) places.push(at)
    const frames = part.type === 'picture' ? [part.picture] : part.video.frames
    return {
      places,
      key: `${part.type}:${contentOf(frames)}`,
      patches: () =>
        (model.looking ?? openLooking(model, undefined)).patches(
          part.type === 'picture' ? part.picture : part.video,
        ),
    }
  })
  return { ids: prompt.ids, positions: prompt.positions, seen }
}

function contentOf(frames: readonly Pixels[]): string {
  const hash = createHash('sha256')
  for (const { widthPx, heightPx, rgb } of frames) hash.update(`${widthPx}x${heightPx};`).update(rgb)
  return hash.digest('hex')
}
