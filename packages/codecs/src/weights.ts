// Weights of a codec: a function of the key and shape, or an open checkpoint; checked against what the graphs ask for.
import { type Tensor, topologicalOrder } from '@maskwords/graph'
import { CodecError } from './error.ts'

/** Values of a parameter by its published state-dict key, row-major. */
export type WeightFunction = (key: string, shape: readonly number[]) => Float32Array

/** The part of an open checkpoint (`openCheckpoint` of @maskwords/graph) that a codec needs. */
export type WeightFile = {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>
  read(name: string, options: { as: 'float32' }): Promise<Float32Array>
}

export type CodecWeights = WeightFunction | WeightFile

/** Keys and shapes of all parameters that tensors depend on, in the order met. */
export function parametersOf(tensors: readonly Tensor[]): Map<string, readonly number[]> {
  const found = new Map<string, readonly number[]>()
  for (const node of topologicalOrder(tensors)) {
    if (node.leaf?.kind === 'parameter')
      found.set(node.leaf.name, node.outputs[0]!.shape as readonly number[])
  }
  return found
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`
const some = (lines: readonly string[]): string =>
  lines.slice(0, 5).join('; ') + (lines.length > 5 ? `; and ${lines.length - 5} more` : '')

/**
 * The values of all `wanted` parameters. `what` names the model in messages; `hint` says where a fitting file is found.
 * Throws CodecError `wrong-weights` that lists what is missing or has another shape, before anything is read.
 */
export async function readWeights(options: {
  wanted: ReadonlyMap<string, readonly number[]>
  weights: CodecWeights
  what: string
  hint: string
}): Promise<Map<string, Float32Array>> {
  const { wanted, weights, what, hint } = options
  const values = new Map<string, Float32Array>()
  if (typeof weights === 'function') {
    for (const [key, shape] of wanted) {
      const value = weights(key, shape)
      const count = shape.reduce((a, b) => a * b, 1)
      if (!(value instanceof Float32Array) || value.length !== count) {
        throw new CodecError(
          'wrong-weights',
          `${what}: "${key}" ${shapeText(shape)} wants ${count} float32 values, got ${value?.length ?? 'none'}`,
          { hint },
        )
      }
      values.set(key, value)
    }
    return values
  }
  const missing = [...wanted.keys()].filter((key) => !weights.tensors.has(key))
  const misfit = [...wanted]
    .filter(
      ([key, shape]) => weights.tensors.has(key) && String(weights.tensors.get(key)!.shape) !== String(shape),
    )
    .map(
      ([key, shape]) => `"${key}" is ${shapeText(weights.tensors.get(key)!.shape)}, not ${shapeText(shape)}`,
    )
  if (missing.length > 0 || misfit.length > 0) {
    const found = [...weights.tensors.keys()].filter((key) => !wanted.has(key))
    const parts = [
      missing.length > 0 ? `${missing.length} of ${wanted.size} tensors are missing (${some(missing)})` : '',
      misfit.length > 0 ? `${misfit.length} have another shape (${some(misfit)})` : '',
      missing.length > 0 && found.length > 0 ? `the file holds ${found.length} others (${some(found)})` : '',
    ]
    throw new CodecError(
      'wrong-weights',
      `these are not the weights of ${what}: ${parts.filter(Boolean).join(', ')}`,
      { hint },
    )
  }
  for (const key of wanted.keys()) values.set(key, await weights.read(key, { as: 'float32' }))
  return values
}
