// Linear weights kept as blocks of 4 or 8 bits in files (see quantise-blocks.ts): the same graph, with ONNX Runtime's MatMulNBits where
// such a weight is read, and the blocks as parameters of their own, so that they can be referenced in place.
import type { Rewrite } from './build/flatten.ts'
import { multiply } from './ops/arithmetic.ts'
import { matmulOp } from './ops/matmul.ts'
import { parameter } from './sources.ts'
import type { Node, Op, Tensor } from './tensor.ts'
import { makeTensor } from './tensor.ts'

const blockMatmulOp: Op = { name: 'MatMulNBits', domain: 'com.microsoft' }

/** Compute type of MatMulNBits: 4 lets it round activations to int8, several times faster and measured by compareOutputs. */
const ACCURACY_LEVEL = 4

/** Whether input `at` of a node is a matrix that x is multiplied with as x · weightᵀ, which is what MatMulNBits computes. */
export function isLinearWeight(node: Node, at: number): boolean {
  const { transA, transB } = node.attributes
  return node.op === matmulOp && at === 1 && node.inputs[1]!.rank === 2 && transA !== 1 && transB === 1
}

/** The product of such a node with the weight in blocks: packed [rows, blocks, bytes], scales [rows · blocks]. */
export function blockProduct(
  node: Node,
  packed: Tensor,
  scales: Tensor,
  { bits, blockSize }: BlockScheme,
): Tensor {
  const [rows, columns] = node.inputs[1]!.shape as readonly [number, number]
  const product = makeTensor(
    blockMatmulOp,
    [node.inputs[0], packed, scales],
    'float32',
    node.outputs[0]!.shape,
    {
      K: columns,
      N: rows,
      bits,
      block_size: blockSize,
      accuracy_level: ACCURACY_LEVEL,
    },
  )
  return multiply(product, (node.attributes['alpha'] as { float: number }).float)
}

export type BlockScheme = { readonly bits: 4 | 8; readonly blockSize: number }

/** Names and shapes of the two parameters that stand for a matrix [rows, columns] in blocks. */
export function blockParameters(
  name: string,
  [rows, columns]: readonly [number, number],
  { bits, blockSize }: BlockScheme,
): {
  blocks: { name: string; shape: readonly number[] }
  scales: { name: string; shape: readonly number[] }
} {
  const count = Math.ceil(columns / blockSize)
  return {
    blocks: { name: `${name}.blocks`, shape: [rows, count, (blockSize * bits) / 8] },
    scales: { name: `${name}.scales`, shape: [rows * count] },
  }
}

/**
 * A rewriting for `buildModel`: wherever `linear` reads a weight for which `schemeOf` names one, `NAME.blocks` (uint8) and `NAME.scales`
 * (float32) are read instead. For inference; other uses of the weight stay as they are.
 */
export function storedBlocks(schemeOf: (name: string) => BlockScheme | undefined): Rewrite {
  return (node) => {
    const leaf = node.inputs[1]?.node.leaf
    if (leaf?.kind !== 'parameter' || !isLinearWeight(node, 1)) return undefined
    const scheme = schemeOf(leaf.name)
    if (scheme === undefined) return undefined
    const { blocks, scales } = blockParameters(leaf.name, node.inputs[1]!.shape as [number, number], scheme)
    return [
      blockProduct(
        node,
        parameter(blocks.name, blocks.shape, { dtype: 'uint8' }),
        parameter(scales.name, scales.shape),
        scheme,
      ),
    ]
  }
}
