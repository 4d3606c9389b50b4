// Weights of a codec: a function of the key and shape, or an open checkpoint; checked against what the graphs ask for,
// and handed to the runtime as places in files wherever that saves a copy.

import { type TensorInfo, temporaryFolder, writeSafetensorsFile } from '@maskwords/checkpoint'
import {
  type FileWeight,
  fileWeight,
  type Tensor,
  topologicalOrder,
  type WeightSource,
} from '@maskwords/graph'
import { CodecError } from './error.ts'
import { sha256Hex } from './sha256.ts'

/** Values of a parameter by its published state-dict key, row-major. */
export type WeightFunction = (key: string, shape: readonly number[]) => Float32Array

/** The part of an open checkpoint (`openCheckpointFile`, `openCheckpoint`) that a codec needs. */
export type WeightFile = {
  readonly name: string
  readonly tensors: ReadonlyMap<string, Pick<TensorInfo, 'shape'> & Partial<TensorInfo>>
  read(name: string, options: { as: 'float32' }): Promise<Float32Array>
}

export type CodecWeights = WeightFunction | WeightFile

export type WantedWeights = {
  /** Keys and shapes. */
  readonly wanted: ReadonlyMap<string, readonly number[]>
  readonly weights: CodecWeights
  /** Names the model in messages. */
  readonly what: string
  /** Says where a fitting file is found. */
  readonly hint: string
}

export type WeightSourceOptions = WantedWeights & {
  /** Values instead of places in files: for weights that are changed before they are used. */
  readonly inMemory?: boolean
}

/** Above this many bytes, weights from a function pass through a temporary file, so that they are not held three times. */
const MAX_WEIGHT_BYTES_IN_MEMORY = 256 * 2 ** 20

/** Types that the runtime reads from a file as they are. */
const IN_PLACE_TYPES = new Set(['float32', 'float16', 'bfloat16'])

/** Keys and shapes of all parameters that tensors depend on, in the order met. */
export function parametersOf(tensors: readonly Tensor[]): Map<string, readonly number[]> {
  const found = new Map<string, readonly number[]>()
  for (const node of topologicalOrder(tensors)) {
    if (node.leaf?.kind === 'parameter')
      found.set(node.leaf.name, node.outputs[0]!.shape as readonly number[])
  }
  return found
}

const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`
const some = (lines: readonly string[]): string =>
  lines.slice(0, 5).join('; ') + (lines.length > 5 ? `; and ${lines.length - 5} more` : '')

/** Throws CodecError `wrong-weights` that lists what a file lacks or has in another shape. Reads nothing. */
export function checkWeights({ wanted, weights, what, hint }: WantedWeights): void {
  if (typeof weights === 'function') return
  const missing = [...wanted.keys()].filter((key) => !weights.tensors.has(key))
  const misfit = [...wanted]
    .filter(
      ([key, shape]) => weights.tensors.has(key) && String(weights.tensors.get(key)!.shape) !== String(shape),
    )
    .map(
      ([key, shape]) => `"${key}" is ${shapeText(weights.tensors.get(key)!.shape)}, not ${shapeText(shape)}`,
    )
  if (missing.length === 0 && misfit.length === 0) return
  const others = [...weights.tensors.keys()].filter((key) => !wanted.has(key))
  const parts = [
    missing.length > 0 ? `${missing.length} of ${wanted.size} tensors are missing (${some(missing)})` : '',
    misfit.length > 0 ? `${misfit.length} have another shape (${some(misfit)})` : '',
    missing.length > 0 && others.length > 0 ? `the file holds ${others.length} others (${some(others)})` : '',
  ]
  throw new CodecError(
    'wrong-weights',
    `${weights.name} does not hold the weights of ${what}: ${parts.filter(Boolean).join(', ')}`,
    {
      hint,
    },
  )
}

function computed(
  weights: WeightFunction,
  key: string,
  shape: readonly number[],
  { what, hint }: WantedWeights,
): Float32Array {
  const values = weights(key, shape)
  if (values instanceof Float32Array && values.length === countOf(shape)) return values
  throw new CodecError(
    'wrong-weights',
    `${what}: "${key}" ${shapeText(shape)} wants ${countOf(shape)} float32 values, got ${values?.length ?? 'none'}`,
    { hint },
  )
}

/** The values themselves, for the few tensors that a codec uses outside of its graphs. */
export async function readWeights(options: WantedWeights): Promise<Map<string, Float32Array>> {
  checkWeights(options)
  const { wanted, weights } = options
  const values = new Map<string, Float32Array>()
  for (const [key, shape] of wanted) {
    values.set(
      key,
      typeof weights === 'function'
        ? computed(weights, key, shape, options)
        : await weights.read(key, { as: 'float32' }),
    )
  }
  return values
}

export type WeightSources = {
  readonly sources: ReadonlyMap<string, WeightSource>
  /** Removes what was written for them; call it when the sessions are open, or have failed. */
  release(): Promise<void>
}

const NOTHING_TO_RELEASE = async (): Promise<void> => {}

/**
 * What `buildModel` takes as weights. Tensors of a local file stay where they are and are only referred to; many values
 * of a function pass through a temporary file.
 */
export async function weightSources(options: WeightSourceOptions): Promise<WeightSources> {
  checkWeights(options)
  if (options.inMemory === true) return { sources: await readWeights(options), release: NOTHING_TO_RELEASE }
  const { wanted, weights } = options
  const bytes = [...wanted.values()].reduce((sum, shape) => sum + 4 * countOf(shape), 0)
  const onDisk = 'process' in globalThis && typeof process.versions?.node === 'string'
  if (typeof weights === 'function') {
    if (!onDisk || bytes <= MAX_WEIGHT_BYTES_IN_MEMORY) {
      return { sources: await readWeights(options), release: NOTHING_TO_RELEASE }
    }
    return spilled(options, weights)
  }
  const sources = new Map<string, WeightSource>()
  const folders = new Map<string, string | undefined>()
  for (const key of wanted.keys()) {
    const info = weights.tensors.get(key)!
    const place = onDisk ? await placeOf(info, folders) : undefined
    sources.set(key, place ?? (await weights.read(key, { as: 'float32' })))
  }
  return { sources, release: NOTHING_TO_RELEASE }
}

/** The tensor where it lies, if the runtime can read it there; the real path, because the runtime follows no links. */
async function placeOf(
  info: Partial<TensorInfo>,
  realPaths: Map<string, string | undefined>,
): Promise<FileWeight | undefined> {
  const { file, inPlace, dtype } = info
  if (inPlace !== true || file === undefined || dtype === undefined || !IN_PLACE_TYPES.has(dtype))
    return undefined
  if (!realPaths.has(file)) {
    const { realpath } = await import('node:fs/promises')
    realPaths.set(file, await realpath(file).catch(() => undefined))
  }
  const path = realPaths.get(file)
  return path === undefined ? undefined : { ...fileWeight(info as TensorInfo), path }
}

async function spilled(options: WantedWeights, weights: WeightFunction): Promise<WeightSources> {
  const { rm } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const folder = await temporaryFolder('weights')
  const release = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const path = join(folder, 'weights.safetensors')
    const tensors = [...options.wanted].map(([name, shape]) => ({
      name,
      dtype: 'float32' as const,
      shape,
      data: () => computed(weights, name, shape, options),
    }))
    const plan = await writeSafetensorsFile(path, { tensors, alignBytes: 4096 })
    const sources = new Map(
      plan.tensors.map(({ name, byteOffset, byteLength }) => [
        name,
        { path, offset: byteOffset, length: byteLength, dtype: 'float32' } as const,
      ]),
    )
    return { sources, release }
  } catch (error) {
    await release()
    throw error
  }
}

/**
 * SHA-256 of the values of `wanted`, with keys and shapes, in hexadecimal: what tells one set of weights from another,
 * wherever it is stored. Reads all of them.
 */
export async function weightsFingerprint(options: WantedWeights): Promise<string> {
  checkWeights(options)
  const { wanted, weights } = options
  const parts: string[] = []
  for (const [key, shape] of wanted) {
    const values =
      typeof weights === 'function'
        ? computed(weights, key, shape, options)
        : await weights.read(key, { as: 'float32' })
    parts.push(`${key} ${shapeText(shape)} ${await sha256Hex(values)}`)
  }
  return sha256Hex(new TextEncoder().encode(parts.join('\n')))
}
