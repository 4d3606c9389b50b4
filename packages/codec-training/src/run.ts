// A training run: stages one after the other, each resumable, from one configuration to a ready folder.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import { ensureFolder, MaskwordsError, writeWhole } from '@maskwords/files'
import { batchThreads, type TrainProgress, type TrainResult, train } from '@maskwords/train'
import { type BatchesOptions, openBatches } from './batches-thread.ts'
import { atStage, type TrainConfig, type TrainStage } from './config.ts'
import { planEvaluation } from './evaluate.ts'
import { writeCodecFolder } from './folder.ts'
import { codebookFromMasks } from './himtok/codebook-start.ts'
import { finalWeights, type NamedWeights, stageStep, startWeights, unknownPatterns } from './stages.ts'

export type TrainRunOptions = {
  readonly config: TrainConfig
  /** Where checkpoints, metrics and the codec go. */
  readonly folder: string
  readonly threads: number
  readonly signal: AbortSignal
  /** Weights to start from instead of the seed: a safetensors or torch file with the published names. */
  readonly startFrom?: string
  readonly onProgress: (stage: string, progress: TrainProgress) => void
  readonly onMessage: (text: string) => void
}

export type TrainRunResult = {
  readonly finished: boolean
  readonly stage: string
  readonly step: number
  /** The folder of the codec as it is now. */
  readonly codecFolder: string
  readonly evaluation: Readonly<Record<string, number>> | undefined
}

/** Where a stage of a run keeps its checkpoints and its metrics.jsonl. */
export const stageFolder = (folder: string, index: number, name: string): string =>
  join(folder, `stage-${index + 1}-${name}`)

/**
 * Trains all stages, or goes on from where a run in the same folder was stopped; a run with another configuration is refused.
 * Leaves `codec/`, a folder that `--codec` takes. @throws MaskwordsError, and what the engine throws.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainRunResult> {
  const { config, folder, threads, signal, onMessage } = options
  const unknown = unknownPatterns(config)
  if (unknown.length > 0) {
    throw new MaskwordsError('malformed', `no weight fits ${unknown.join(', ')}`, {
      hint: '"frozen" takes names of weights, * for anything; `maskwords inspect` lists those of a trained folder',
    })
  }
  await ensureFolder(folder)
  await keepConfig(folder, config, signal)
  const evaluator = await planEvaluation(config, { threads, signal })
  let weights = options.startFrom === undefined ? undefined : await weightsOfFile(options.startFrom)
  const codecFolder = join(folder, 'codec')
  let last: { stage: TrainStage; result: TrainResult } | undefined
  for (const [index, stage] of config.stages.entries()) {
    const staged = atStage(config, stage)
    const place = stageFolder(folder, index, stage.name)
    if (stage.codesFromMasks !== undefined && !existsSync(join(place, 'checkpoints'))) {
      onMessage(`starting ${stage.name}: codes from the vectors of ${stage.codesFromMasks} masks`)
      weights = await withCodesFromMasks(weights, { config: staged, stage: index, threads, signal })
    }
    const before = weights
    const start = startWeights(staged, before)
    const step = stageStep(staged, stage, start)
    const data: BatchesOptions = { config, stage: index }
    const result = await train({
      step,
      weights: start,
      data: await batchThreads({ module: batchesModule(), options: data }),
      steps: stage.steps,
      folder: place,
      session: { threads },
      saveEvery: config.saveEvery,
      logEvery: config.logEvery,
      settings: JSON.parse(JSON.stringify({ config, stage: index })),
      signal,
      onProgress: (progress) => options.onProgress(stage.name, progress),
      onMessage,
      ...(evaluator === undefined
        ? {}
        : {
            evaluation: {
              every: config.evaluation!.every,
              run: (state) => evaluator(staged, finalWeights(state, before), signal),
            },
          }),
    })
    weights = finalWeights(result.state, before)
    last = { stage, result }
    await writeCodecFolder(codecFolder, {
      config: staged,
      weights,
      steps: result.step,
      signal: new AbortController().signal,
    })
    if (!result.finished) break
  }
  const { stage, result } = last!
  return {
    finished: result.finished && stage === config.stages.at(-1),
    stage: stage.name,
    step: result.step,
    codecFolder,
    evaluation: result.finished ? await evaluator?.(atStage(config, stage), weights!, signal) : undefined,
  }
}

/** The same weights with the codes that the encoder's own vectors suggest. */
async function withCodesFromMasks(
  weights: NamedWeights | undefined,
  options: BatchesOptions & { readonly threads: number; readonly signal: AbortSignal },
): Promise<NamedWeights | undefined> {
  const { config, stage, threads, signal } = options
  const wanted = config.stages[stage]!.codesFromMasks
  if (config.codec !== 'himtok' || wanted === undefined) return weights
  const source = await openBatches(options)
  const squares: Float32Array[] = []
  const perBatch = config.batch.masks / config.batch.parts
  for (let batch = 0; batch * perBatch < wanted; batch++) {
    signal.throwIfAborted()
    const { masks } = (await source.batch(batch)) as Record<string, { data: Float32Array }>
    squares.push(masks!.data)
  }
  const codes = await codebookFromMasks({
    config: config.network,
    weights: startWeights(config, weights),
    squares,
    seed: config.seed,
    threads,
    signal,
  })
  return new Map([...(weights ?? []), ...codes])
}

/** The module that data threads open: beside this file, or beside the bundle under another name. */
function batchesModule(): URL {
  const source = new URL('./batches-thread.ts', import.meta.url)
  return import.meta.url.endsWith('.ts') ? source : new URL('./train-batches.js', import.meta.url)
}

/** A folder belongs to one configuration. */
async function keepConfig(folder: string, config: TrainConfig, signal: AbortSignal): Promise<void> {
  const path = join(folder, 'train.json')
  const text = `${JSON.stringify(config, undefined, 2)}\n`
  if (!existsSync(path)) await writeWhole(path, new TextEncoder().encode(text), signal)
  else if (readFileSync(path, 'utf8') !== text) {
    throw new MaskwordsError('usage', 'this folder holds a run with another configuration', {
      file: path,
      hint: 'train into another folder, or set the configuration back to go on with that run',
    })
  }
}

async function weightsOfFile(path: string): Promise<NamedWeights> {
  const file = await openCheckpointFile(path)
  try {
    const weights = new Map<string, Float32Array>()
    for (const name of file.tensors.keys()) weights.set(name, await file.read(name, { as: 'float32' }))
    return weights
  } finally {
    await file.close()
  }
}
