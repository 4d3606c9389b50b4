// Weight-only quantisation for inference: smaller weights in the same graph, as a rewriting for buildModel, with the error of
// every tensor and, by compareOutputs, of every output.

import { float16FromFloats, float32FromBfloat16, float32FromFloat16 } from '@maskwords/checkpoint'
import type { Rewrite } from './build/flatten.ts'
import type { Model } from './build/model.ts'
import type { WeightSource, Weights } from './build/weights.ts'
import { weightSource } from './build/weights.ts'
import { toNumbers } from './dtype.ts'
import { GraphError } from './error.ts'
import { topologicalOrder } from './gradient.ts'
import { multiply } from './ops/arithmetic.ts'
import { reshape } from './ops/broadcast.ts'
import { cast } from './ops/cast.ts'
import { convTransposeOp } from './ops/conv.ts'
import { gather, gatherOp } from './ops/gather.ts'
import type { Blocks } from './quantise-blocks.ts'
import { fromBlocks, fromInt8Channels, toBlocks, toInt8Channels } from './quantise-blocks.ts'
import type { SessionOptions } from './session/session.ts'
import { openSession } from './session/session.ts'
import type { Feeds } from './session/value.ts'
import { blockProduct, isLinearWeight } from './stored-blocks.ts'
import type { Node, Op, Target, Tensor } from './tensor.ts'
import { constant, makeNode, makeTensor } from './tensor.ts'

/**
 * 'int4' is taken for the weights of `linear` only; other weights of an int4 model become int8. 'int8' has a scale for each
 * block of a row in `linear` where ONNX Runtime's kernel may be used, and one for each channel elsewhere.
 */
export type WeightScheme = 'float32' | 'float16' | 'int8' | 'int4'

export type QuantiseOptions = {
  /** What the model will compute. */
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly weights: Weights
  readonly scheme: WeightScheme | ((name: string, shape: readonly number[]) => WeightScheme)
  /** Values of a row that share a scale in blocks: 16, 32, 64, 128 or 256. Default 32. */
  readonly blockSize?: number
  /** Must be the model's: int4 needs ONNX Runtime's kernel, which 'standard' does without. Default 'cpu'. */
  readonly target?: Target
}

export type TensorError = {
  readonly name: string
  readonly shape: readonly number[]
  readonly scheme: WeightScheme
  readonly bytes: number
  /** Norm of the difference over the norm of the weights. */
  readonly relativeError: number
  readonly largestError: number
}

export type Quantised = {
  /** For buildModel, with `rewrite`. */
  readonly weights: Weights
  readonly rewrite: Rewrite
  /** One entry for every parameter that is not kept in float32, in walking order. */
  readonly report: readonly TensorError[]
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** Vectors and tiny matrices stay as they are: they weigh nothing, and norms and biases matter most. */
const SMALLEST_ELEMENTS = 1024

const dequantiseOp: Op = { name: 'DequantizeLinear' }

type Use = { readonly node: Node; readonly at: number }

/** How a parameter is put back where it was read. */
type Replacement = (use: Use) => readonly Tensor[]

/**
 * Rounds the weights of a graph for inference. float16 halves the file and is cast on use; int8 and int4 weights of `linear`
 * have a scale for each block of a row and run in ONNX Runtime's own kernel; other int8 weights, and all of them with target
 * 'standard', have a scale for each channel and become floats when they are used.
 * @throws GraphError `unsupported` for int4 with target 'standard' and for weights in files, `argument` for block sizes.
 */
export function quantise(options: QuantiseOptions): Quantised {
  const { outputs, weights, blockSize = 32, target = 'cpu' } = options
  if (![16, 32, 64, 128, 256].includes(blockSize)) {
    throw new GraphError('argument', `quantise: blocks of ${blockSize}; 16, 32, 64, 128 or 256 are wanted`)
  }
  const schemeOf =
    typeof options.scheme === 'function' ? options.scheme : () => options.scheme as WeightScheme
  const replacements = new Map<string, Replacement>()
  const stored = new Map<string, WeightSource>()
  const report: TensorError[] = []
  let [bytesBefore, bytesAfter] = [0, 0]

  for (const [name, uses] of usesOfParameters(Object.values(outputs))) {
    const { shape: dims, dtype } = uses[0]!.node.inputs[uses[0]!.at]!
    const shape = dims as readonly number[]
    const elements = shape.reduce((a, b) => a * b, 1)
    bytesBefore += elements * 4
    let scheme = schemeOf(name, shape)
    if (dtype !== 'float32' || shape.length < 2 || elements < SMALLEST_ELEMENTS) scheme = 'float32'
    if (scheme === 'float32') {
      bytesAfter += elements * 4
      continue
    }
    if (scheme === 'int4' && target === 'standard') {
      throw new GraphError(
        'unsupported',
        'quantise: int4 needs ONNX Runtime\'s kernel, which target "standard" does without',
        {
          hint: 'use int8, or target "cpu" or "web"',
        },
      )
    }
    if (scheme === 'int4' && !uses.every(isLinear)) scheme = 'int8'
    const values = floatsOf(weightSource(weights, name, shape, dtype), name)
    let back: Float32Array
    let bytes: number
    if (scheme === 'float16') {
      const bits = float16FromFloats(values)
      stored.set(name, { data: bits, dtype: 'float16' })
      back = float32FromFloat16(bits)
      bytes = bits.byteLength
    } else if (scheme === 'int8' && !(target !== 'standard' && uses.every(isLinear))) {
      const axis = uses.some(({ node }) => node.op === convTransposeOp) ? 1 : 0
      const rounded = toInt8Channels(values, shape, axis)
      replacements.set(name, int8Replacement(rounded.data, rounded.scales, shape, axis))
      back = fromInt8Channels(rounded, shape, axis)
      bytes = rounded.data.byteLength + rounded.scales.byteLength
    } else {
      const [rows, columns] = shape as readonly [number, number]
      const bits = scheme === 'int8' ? 8 : 4
      const rounded = toBlocks(values, { rows, columns, blockSize, bits })
      replacements.set(name, blockReplacement(rounded, rows))
      back = fromBlocks(rounded, rows, columns)
      bytes = rounded.data.byteLength + rounded.scales.byteLength
    }
    bytesAfter += bytes
    report.push({ name, shape, scheme, bytes, ...difference(values, back) })
  }

  return {
    weights: (name, shape, dtype) => stored.get(name) ?? weightSource(weights, name, shape, dtype),
    rewrite: (node) => {
      for (const [at, tensor] of node.inputs.entries()) {
        const leaf = tensor?.node.leaf
        const replacement = leaf?.kind === 'parameter' ? replacements.get(leaf.name) : undefined
        if (replacement) return replacement({ node, at })
      }
      return undefined
    },
    report,
    bytesBefore,
    bytesAfter,
  }
}

function usesOfParameters(outputs: readonly Tensor[]): Map<string, Use[]> {
  const uses = new Map<string, Use[]>()
  for (const node of topologicalOrder(outputs)) {
    node.inputs.forEach((tensor, at) => {
      const leaf = tensor?.node.leaf
      if (leaf?.kind !== 'parameter') return
      const list = uses.get(leaf.name)
      if (list) list.push({ node, at })
      else uses.set(leaf.name, [{ node, at }])
    })
  }
  return uses
}

const isLinear = ({ node, at }: Use): boolean => isLinearWeight(node, at)

function blockReplacement(rounded: Blocks, rows: number): Replacement {
  const { bits, blocks, blockSize } = rounded
  const packed = constant(rounded.data, { shape: [rows, blocks, (blockSize * bits) / 8] })
  const scales = constant(rounded.scales)
  return ({ node }) => [blockProduct(node, packed, scales, { bits, blockSize })]
}

function int8Replacement(
  data: Int8Array,
  scales: Float32Array,
  shape: readonly number[],
  axis: number,
): Replacement {
  const table = constant(data, { shape })
  const factors = constant(scales)
  const whole = makeTensor(dequantiseOp, [table, factors], 'float32', shape, { axis })
  return ({ node, at }) => {
    if (node.op === gatherOp && at === 0 && node.attributes['axis'] === 0 && axis === 0) {
      // Only the rows that are read become floats.
      const indices = node.inputs[1]!
      const ones = new Array<number>(shape.length - 1).fill(1)
      const factor = reshape(gather(factors, indices), [...indices.shape, ...ones])
      return [multiply(cast(gather(table, indices), 'float32'), factor)]
    }
    const inputs = node.inputs.map((tensor, i) => (i === at ? whole : tensor))
    return makeNode(
      node.op,
      inputs,
      node.outputs.map(({ dtype, shape: size }) => ({ dtype, shape: size })),
      node.attributes,
    )
  }
}

function floatsOf(source: WeightSource, name: string): Float32Array {
  if (source instanceof Float32Array) return source
  if (typeof source === 'object' && 'data' in source && source.data instanceof Uint16Array) {
    return source.dtype === 'bfloat16' ? float32FromBfloat16(source.data) : float32FromFloat16(source.data)
  }
  throw new GraphError(
    'unsupported',
    `quantise: the values of "${name}" are not in memory as float32, float16 or bfloat16`,
    {
      hint: 'read the tensor first and give its values',
    },
  )
}

function difference(exact: ArrayLike<number>, rounded: ArrayLike<number>) {
  let [sum, total, largestError] = [0, 0, 0]
  for (let i = 0; i < exact.length; i++) {
    const error = Math.abs(exact[i]! - rounded[i]!)
    sum += error * error
    total += exact[i]! ** 2
    largestError = Math.max(largestError, error)
  }
  return { relativeError: total === 0 ? Math.sqrt(sum) : Math.sqrt(sum / total), largestError }
}

export type OutputError = {
  readonly name: string
  /** Norm of the difference over the norm of the exact output, over all feeds. */
  readonly relativeError: number
  readonly largestError: number
}

/** Runs two models on the same feeds and gives the difference of each output that both have. */
export async function compareOutputs(options: {
  readonly exact: Model
  readonly other: Model
  readonly feeds: readonly Feeds[]
  readonly session?: SessionOptions
}): Promise<OutputError[]> {
  const { exact, other, feeds, session = {} } = options
  const both = await Promise.all([openSession(exact, session), openSession(other, session)])
  try {
    const names = exact.outputs
      .map(({ name }) => name)
      .filter((name) => other.outputs.some((o) => o.name === name))
    const seen = new Map(names.map((name) => [name, { exact: [] as number[], other: [] as number[] }]))
    for (const feed of feeds) {
      const [left, right] = [
        await both[0].run(feed, { fetch: names }),
        await both[1].run(feed, { fetch: names }),
      ]
      for (const [name, lists] of seen) {
        for (const value of toNumbers(left[name]!.data, left[name]!.dtype)) lists.exact.push(value)
        for (const value of toNumbers(right[name]!.data, right[name]!.dtype)) lists.other.push(value)
      }
    }
    return [...seen].map(([name, lists]) => ({ name, ...difference(lists.exact, lists.other) }))
  } finally {
    for (const opened of both) await opened.close()
  }
}
