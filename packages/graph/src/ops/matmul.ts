// Matrix products and their gradients: ONNX MatMul, and ONNX Runtime's FusedMatMul where a factor is transposed.
import { GraphError } from '../error.ts'
import type { Dim } from '../size.ts'
import { productOf, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { float, makeTensor } from '../tensor.ts'
import { add, multiply } from './arithmetic.ts'
import { reshape, sum, sumTo } from './broadcast.ts'
import { broadcast, needFloat, sameDType } from './check.ts'
import { permute, squeeze, swapAxes } from './shape.ts'

export type MatmulOptions = { transposeA?: boolean; transposeB?: boolean; scale?: number }

const plainMatmulOp: Op = { name: 'MatMul' }
const fusedMatmulOp: Op = { name: 'FusedMatMul', domain: 'com.microsoft' }

const flag = (node: { attributes: Readonly<Record<string, unknown>> }, name: string) =>
  node.attributes[name] === 1

export const matmulOp: Op = {
  name: 'Product',
  expand: (node, target) => {
    const [a, b] = node.inputs as readonly [Tensor, Tensor]
    const { dtype, shape } = node.outputs[0]!
    const scale = (node.attributes['alpha'] as { float: number }).float
    const transposed = flag(node, 'transA') || flag(node, 'transB')
    if (!transposed && scale === 1) return [makeTensor(plainMatmulOp, [a, b], dtype, shape)]
    // ONNX Runtime registers FusedMatMul for float32 on the CPU, and for float16 too elsewhere.
    if (target !== 'standard' && dtype === 'float32') {
      return [makeTensor(fusedMatmulOp, [a, b], dtype, shape, node.attributes)]
    }
    const left = flag(node, 'transA') ? swapAxes(a, -1, -2) : a
    const right = flag(node, 'transB') ? swapAxes(b, -1, -2) : b
    return [multiply(makeTensor(plainMatmulOp, [left, right], dtype, shape), scale)]
  },
  gradient: (node, [dy], needs) => {
    const [a, b] = node.inputs as readonly [Tensor, Tensor]
    const transposeA = flag(node, 'transA')
    const transposeB = flag(node, 'transB')
    const scale = (node.attributes['alpha'] as { float: number }).float
    return [
      needs[0] ? gradientOfA(a, b, dy!, transposeA, transposeB, scale) : undefined,
      needs[1] ? gradientOfB(a, b, dy!, transposeA, transposeB, scale) : undefined,
    ]
  },
}

function gradientOfA(a: Tensor, b: Tensor, dy: Tensor, ta: boolean, tb: boolean, scale: number): Tensor {
  const da = ta
    ? matmul(b, dy, { transposeA: tb, transposeB: true, scale })
    : matmul(dy, b, { transposeB: !tb, scale })
  return sumTo(da, a.shape)
}

function gradientOfB(a: Tensor, b: Tensor, dy: Tensor, ta: boolean, tb: boolean, scale: number): Tensor {
  // One matrix for a whole stack of rows: the stack is one tall matrix, and its sum comes with the product.
  if (b.rank === 2 && !ta && a.rank > 2) {
    const tall = reshape(a, [productOf(a.shape.slice(0, -1)), a.shape[a.rank - 1]!])
    const rows = reshape(dy, [productOf(dy.shape.slice(0, -1)), dy.shape[dy.rank - 1]!])
    return tb
      ? matmul(rows, tall, { transposeA: true, scale })
      : matmul(tall, rows, { transposeA: true, scale })
  }
  // A transposed left factor is rearranged whole, so the narrower of the two goes there.
  const narrow = !ta && !tb && Number(dy.shape[dy.rank - 1]) < Number(a.shape[a.rank - 1])
  const db =
    tb || narrow
      ? matmul(dy, a, { transposeA: true, transposeB: ta, scale })
      : matmul(a, dy, { transposeA: !ta, scale })
  return sumTo(narrow ? swapAxes(db, -1, -2) : db, b.shape)
}

/**
 * Matrix product of the last two axes, leading axes broadcast; either factor may be used transposed, and the result scaled.
 * Vectors (one axis) are taken as one row on the left and one column on the right, as torch.matmul does.
 * @throws GraphError `shape` when the inner sizes differ.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const dtype = sameDType('matmul', a, b)
  if (a.rank === 0 || b.rank === 0) {
    throw new GraphError(
      'shape',
      `matmul: ${shapeText(a.shape)} x ${shapeText(b.shape)}: a scalar has no rows`,
      {
        hint: 'use multiply',
      },
    )
  }
  if (a.rank === 1) {
    const row = matmul(reshape(a, [1, a.shape[0]!]), b, { ...options, transposeA: false })
    return b.rank === 1 ? row : squeeze(row, -2)
  }
  if (b.rank === 1) {
    return squeeze(matmul(a, reshape(b, [b.shape[0]!, 1]), { ...options, transposeB: false }), -1)
  }
  const transposeA = options.transposeA ?? false
  const transposeB = options.transposeB ?? false
  const inner = a.shape[a.rank - (transposeA ? 2 : 1)]!
  const other = b.shape[b.rank - (transposeB ? 1 : 2)]!
  if (inner !== other) {
    const mark = (transposed: boolean) => (transposed ? 'ᵀ' : '')
    throw new GraphError(
      'shape',
      `matmul: ${shapeText(a.shape)}${mark(transposeA)} x ${shapeText(b.shape)}${mark(transposeB)}: inner sizes ${inner} and ${other} differ`,
    )
  }
  const rows: Dim = a.shape[a.rank - (transposeA ? 1 : 2)]!
  const columns: Dim = b.shape[b.rank - (transposeB ? 2 : 1)]!
  const lead = broadcast('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  return makeTensor(matmulOp, [a, b], dtype, [...lead, rows, columns], {
    alpha: float(options.scale ?? 1),
    transA: transposeA ? 1 : 0,
    transB: transposeB ? 1 : 0,
  })
}

/** x · weightᵀ + bias, with weight [out, in] as torch.nn.Linear stores it; x [..., in] gives [..., out]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  needFloat('linear', x)
  if (weight.rank !== 2 || x.rank < 1 || weight.shape[1] !== x.shape[x.rank - 1]) {
    throw new GraphError('shape', `linear: x ${shapeText(x.shape)} with weight ${shapeText(weight.shape)}`, {
      hint: 'weight is [out, in], and the last axis of x is in',
    })
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw new GraphError(
      'shape',
      `linear: bias ${shapeText(bias.shape)} with weight ${shapeText(weight.shape)}`,
    )
  }
  const product = matmul(x, weight, { transposeB: true })
  return bias ? add(product, bias) : product
}

/** Sum over one shared index letter of two or more, as torch.einsum for two factors: "bqc,bkc->bqk". */
export function einsum(equation: string, a: Tensor, b: Tensor): Tensor {
  const match = /^([a-z]+),([a-z]+)->([a-z]*)$/.exec(equation.replace(/\s+/g, ''))
  if (!match)
    throw new GraphError('argument', `einsum: "${equation}"`, { hint: 'two factors: "bqc,bkc->bqk"' })
  const [, left, right, out] = match as unknown as [string, string, string, string]
  const letters = [...left, ...right]
  const wrong =
    left.length !== a.rank ||
    right.length !== b.rank ||
    [left, right, out].some((word) => new Set(word).size !== word.length) ||
    [...out].some((letter) => !letters.includes(letter))
  if (wrong) throw new GraphError('argument', `einsum: "${equation}" with ${a} and ${b}`)
  const size = (letter: string): Dim =>
    left.includes(letter) ? a.shape[left.indexOf(letter)]! : b.shape[right.indexOf(letter)]!
  for (const letter of left) {
    if (right.includes(letter) && b.shape[right.indexOf(letter)] !== size(letter)) {
      throw new GraphError('shape', `einsum "${equation}": ${a} and ${b} differ in "${letter}"`)
    }
  }
  const lone = (word: string, other: string) =>
    [...word].filter((c) => !other.includes(c) && !out.includes(c))
  const reduce = (x: Tensor, word: string, drop: string[]): [Tensor, string] =>
    drop.length === 0
      ? [x, word]
      : [
          sum(
            x,
            drop.map((c) => word.indexOf(c)),
          ),
          [...word].filter((c) => !drop.includes(c)).join(''),
        ]
  const [x, xs] = reduce(a, left, lone(left, right))
  const [y, ys] = reduce(b, right, lone(right, left))
  const batch = [...xs].filter((c) => ys.includes(c) && out.includes(c))
  const inner = [...xs].filter((c) => ys.includes(c) && !out.includes(c))
  const rows = [...xs].filter((c) => !ys.includes(c))
  const columns = [...ys].filter((c) => !xs.includes(c))
  const sizes = (group: string[]) => productOf(group.map(size))
  const arrange = (t: Tensor, word: string, ...groups: string[][]) =>
    reshape(
      permute(
        t,
        groups.flat().map((c) => word.indexOf(c)),
      ),
      groups.map(sizes),
    )
  const product = matmul(arrange(x, xs, batch, rows, inner), arrange(y, ys, batch, columns, inner), {
    transposeB: true,
  })
  const order = [...batch, ...rows, ...columns]
  return permute(
    reshape(product, order.map(size)),
    [...out].map((c) => order.indexOf(c)),
  )
}
