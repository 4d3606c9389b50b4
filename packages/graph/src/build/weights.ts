// Where the values of parameters come from when a model is written: arrays, places in files, or feeds at run time.
import type { DType, StoredDType, TensorData } from '../dtype.ts'
import { BYTES_PER_ELEMENT, carries, dtypeOf } from '../dtype.ts'
import { GraphError } from '../error.ts'

/** Bytes of a file that hold one tensor, little-endian and row-major; any alignment. */
export type FileWeight = {
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly dtype: StoredDType
}

/** An array in memory whose type is not the parameter's (bfloat16 bits, float16 bits of a float32 parameter, ...). */
export type StoredWeight = { readonly data: TensorData; readonly dtype: StoredDType }

/** 'input': the parameter becomes an input of the model and is fed at every run, as training state is. */
export type WeightSource = TensorData | StoredWeight | FileWeight | 'input'

export type Weights =
  | ((name: string, shape: readonly number[], dtype: DType) => WeightSource | undefined)
  | ReadonlyMap<string, WeightSource>
  | Readonly<Record<string, WeightSource>>

export function weightSource(
  weights: Weights | undefined,
  name: string,
  shape: readonly number[],
  dtype: DType,
): WeightSource {
  const source =
    typeof weights === 'function'
      ? weights(name, shape, dtype)
      : weights instanceof Map
        ? weights.get(name)
        : weights && Object.hasOwn(weights, name)
          ? (weights as Readonly<Record<string, WeightSource>>)[name]
          : undefined
  if (source === undefined) {
    throw new GraphError('weights', `no values for the parameter "${name}" ${dtype}[${shape}]`, {
      hint: 'give `weights` an entry of that name, or the word "input" to feed it at every run',
    })
  }
  return source
}

/** What is stored for a parameter, checked against its size. */
export function storedWeight(
  source: Exclude<WeightSource, 'input'>,
  name: string,
  shape: readonly number[],
): { dtype: StoredDType; content: Uint8Array | FileWeight } {
  const elements = shape.reduce((a, b) => a * b, 1)
  if (ArrayBuffer.isView(source) || 'data' in source) {
    const data = ArrayBuffer.isView(source) ? (source as TensorData) : (source as StoredWeight).data
    const dtype = ArrayBuffer.isView(source) ? dtypeOf(data) : (source as StoredWeight).dtype
    if (!carries(data, dtype)) {
      throw new GraphError('weights', `"${name}": ${data.constructor.name} does not carry ${dtype}`)
    }
    if (data.length !== elements) {
      throw new GraphError('weights', `"${name}": ${data.length} values, shape [${shape}] wants ${elements}`)
    }
    return { dtype, content: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
  }
  const wanted = elements * BYTES_PER_ELEMENT[source.dtype]
  if (source.length !== wanted) {
    throw new GraphError(
      'weights',
      `"${name}": ${source.length} bytes of ${source.path}, ${source.dtype}[${shape}] wants ${wanted}`,
    )
  }
  return { dtype: source.dtype, content: source }
}

const separators = /[\\/]/

/** The deepest folder that holds all paths. */
export function commonFolder(paths: readonly string[]): string {
  let folder: string[] | undefined
  for (const path of paths) {
    const parts = path.split(separators).slice(0, -1)
    if (!folder) folder = parts
    let same = 0
    while (same < folder.length && folder[same] === parts[same]) same++
    folder = folder.slice(0, same)
  }
  return (folder ?? []).join('/') || (paths[0]?.startsWith('/') ? '/' : '.')
}

/** A path below `folder`, as ONNX external data names it. */
export function locationIn(folder: string, path: string): string {
  const parts = path.split(separators)
  const below = folder === '.' ? parts : parts.slice(folder === '/' ? 1 : folder.split('/').length)
  return below.filter((part) => part !== '.').join('/')
}
