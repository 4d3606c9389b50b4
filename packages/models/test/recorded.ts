// Recorded values of small Qwen models (shared/reference/mllm), where that folder is there: tests that need it say so and are skipped.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import type { Weights } from '@maskwords/graph'
import type { QwenConfig } from '../src/index.ts'
import { qwenKey, readQwenConfig } from '../src/index.ts'

export const RECORDED = join(import.meta.dirname, '../../../../shared/reference/mllm')
/** Named in the test's title, so that a skipped one says why. */
export const hasRecorded = existsSync(join(RECORDED, 'README.md'))

export const recordedJson = <T>(name: string): T =>
  JSON.parse(readFileSync(join(RECORDED, name), 'utf8')) as T

/** A recorded tensor file, read whole. */
export async function recordedTensors(name: string): Promise<{
  readonly names: readonly string[]
  readonly metadata: ReadonlyMap<string, string>
  floats(name: string): Float32Array
  whole(name: string): number[]
  bytes(name: string): Uint8Array
}> {
  const file = await openCheckpointFile(join(RECORDED, name))
  const values = new Map<string, unknown>()
  for (const tensor of file.tensors.keys()) values.set(tensor, await file.read(tensor))
  await file.close()
  const get = <T>(tensor: string): T => {
    if (!values.has(tensor)) throw new Error(`${name} has no ${tensor}`)
    return values.get(tensor) as T
  }
  return {
    names: [...values.keys()],
    metadata: file.metadata,
    floats: get<Float32Array>,
    whole: (tensor) => Array.from(get<BigInt64Array>(tensor), Number),
    bytes: get<Uint8Array>,
  }
}

/** Configuration and weights of a folder of shared/reference/mllm/checkpoints. */
export async function recordedModel(folder: string): Promise<{ config: QwenConfig; weights: Weights }> {
  const path = join(RECORDED, 'checkpoints', folder)
  const index = join(path, 'model.safetensors.index.json')
  const file = await openCheckpointFile(existsSync(index) ? index : join(path, 'model.safetensors'))
  const config = readQwenConfig(JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')))
  const values = new Map<string, Float32Array>()
  for (const name of file.tensors.keys()) values.set(name, await file.read(name, { as: 'float32' }))
  await file.close()
  const weights: Weights = (name) => {
    const key = qwenKey(values, name, config.family)
    return key === undefined ? undefined : values.get(key)
  }
  return { config, weights }
}

/** Largest absolute difference of two lists of numbers of one length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (!(difference <= largest)) largest = difference
  }
  return largest
}
