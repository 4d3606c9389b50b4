// The model that learning starts from: a folder as transformers writes it, opened without its networks.
import { existsSync } from 'node:fs'
import { hubFolder, isHubId } from '@maskwords/codec-loading'
import type { ModelTokenizer, PromptModel } from '@maskwords/mllm'
import { modelFingerprint, readPromptModel } from '@maskwords/mllm'
import type { GenerationSettings, ModelWeights } from '@maskwords/mllm/engine'
import { openModelWeights } from '@maskwords/mllm/engine'

export type BaseModel = PromptModel & {
  readonly path: string
  readonly tokenizer: ModelTokenizer
  readonly generation: GenerationSettings
  readonly weights: ModelWeights
  /** Ids that end an answer. */
  readonly ends: ReadonlySet<number>
  /** Tells it from other models: compared when a run is resumed. */
  readonly fingerprint: string
  close(): Promise<void>
}

/**
 * Opens a model's folder or pulled hub id.
 * @throws MllmError `not-found`, `damaged`, `unsupported`.
 */
export async function openBaseModel(source: string): Promise<BaseModel> {
  const path = !existsSync(source) && isHubId(source) ? await hubFolder(source) : source
  const model = await readPromptModel(path)
  const weights = await openModelWeights(path, model.config)
  return {
    ...model,
    path,
    weights,
    ends: new Set(model.generation.ends),
    fingerprint: (await modelFingerprint(path))!,
    close: () => weights.close(),
  }
}
