// Reading and writing by index, and gradients through it (ONNX Gather, GatherElements, ScatterElements, ScatterND, TopK, OneHot).
import { GraphError } from '../error.ts'
import { productOf, sameShape, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { constant, makeNode, makeTensor } from '../tensor.ts'
import { equal } from './arithmetic.ts'
import { reshape } from './broadcast.ts'
import { cast } from './cast.ts'
import { axisOf, needDType, needRank, sameDType } from './check.ts'
import { full, permute, squeeze, unsqueeze } from './shape.ts'

export const gatherOp: Op = {
  name: 'Gather',
  gradient: (node, [dy]) => {
    const [x, indices] = node.inputs as readonly [Tensor, Tensor]
    const axis = node.attributes['axis'] as number
    // Rows first: the gathered axes of dy go to the front, their rows are added into zeros, and the axis goes back.
    const rank = indices.rank
    const order = dy!.shape.map((_, i) => i)
    const moved = permute(dy!, [
      ...order.slice(axis, axis + rank),
      ...order.slice(0, axis),
      ...order.slice(axis + rank),
    ])
    const others = x.shape.filter((_, i) => i !== axis)
    const rows = reshape(moved, [productOf(indices.shape), ...others])
    const zeros = full([x.shape[axis]!, ...others], 0, { dtype: x.dtype })
    const summed = scatterRows(zeros, reshape(indices, [productOf(indices.shape)]), rows)
    const back = x.shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i))
    return [permute(summed, back), undefined]
  },
}

/** Slices of x along `axis` at the given positions (int32 or int64, any shape, which takes the place of the axis). */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  needDType('gather', indices, 'int32', 'int64')
  const at = axisOf('gather', axis, x.rank)
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)]
  return makeTensor(gatherOp, [x, indices], x.dtype, shape, { axis: at })
}

/** Rows of a table [entries, width] for indices of any shape: [...indices, width]. */
export function embedding(table: Tensor, indices: Tensor): Tensor {
  needRank('embedding', table, 2, 'a table [entries, width]')
  return gather(table, indices, 0)
}

export const scatterRowsOp: Op = {
  name: 'ScatterND',
  gradient: (node, [dy]) => [dy, undefined, gather(dy!, squeeze(node.inputs[1]!, -1), 0)],
}

/** x with rows[i] added to x[indices[i]], for every i, repeats included; indices [n] (int64), rows [n, ...x.shape[1..]]. */
export function scatterRows(x: Tensor, indices: Tensor, rows: Tensor): Tensor {
  needRank('scatterRows', indices, 1, 'indices [n]')
  sameDType('scatterRows', x, rows)
  if (!sameShape(rows.shape, [indices.shape[0]!, ...x.shape.slice(1)])) {
    throw new GraphError(
      'shape',
      `scatterRows: x ${shapeText(x.shape)}, indices ${shapeText(indices.shape)}, rows ${shapeText(rows.shape)}`,
    )
  }
  return makeTensor(scatterRowsOp, [x, unsqueeze(cast(indices, 'int64'), -1), rows], x.dtype, x.shape, {
    reduction: 'add',
  })
}

export const gatherElementsOp: Op = {
  name: 'GatherElements',
  gradient: (node, [dy]) => {
    const [x, indices] = node.inputs as readonly [Tensor, Tensor]
    const zeros = full(x.shape, 0, { dtype: x.dtype })
    return [scatterAdd(zeros, indices, dy!, node.attributes['axis'] as number), undefined]
  },
}

/** Element [.., i, ..] is x at [.., indices[.., i, ..], ..] along `axis` (torch.gather). */
export function gatherElements(x: Tensor, indices: Tensor, axis: number): Tensor {
  needDType('gatherElements', indices, 'int32', 'int64')
  if (indices.rank !== x.rank) {
    throw new GraphError(
      'shape',
      `gatherElements: x ${shapeText(x.shape)} with indices ${shapeText(indices.shape)}`,
    )
  }
  return makeTensor(gatherElementsOp, [x, indices], x.dtype, indices.shape, {
    axis: axisOf('gatherElements', axis, x.rank),
  })
}

export const scatterAddOp: Op = {
  name: 'ScatterElements',
  gradient: (node, [dy]) => [
    dy,
    undefined,
    gatherElements(dy!, node.inputs[1]!, node.attributes['axis'] as number),
  ],
}

/** x with updates added at [.., indices[.., i, ..], ..] along `axis`, repeats included (torch.scatter_add). */
export function scatterAdd(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  needDType('scatterAdd', indices, 'int32', 'int64')
  sameDType('scatterAdd', x, updates)
  if (!sameShape(indices.shape, updates.shape) || indices.rank !== x.rank) {
    throw new GraphError(
      'shape',
      `scatterAdd: x ${shapeText(x.shape)}, indices ${shapeText(indices.shape)}, updates ${shapeText(updates.shape)}`,
    )
  }
  return makeTensor(scatterAddOp, [x, indices, updates], x.dtype, x.shape, {
    axis: axisOf('scatterAdd', axis, x.rank),
    reduction: 'add',
  })
}

export const topKOp: Op = {
  name: 'TopK',
  gradient: (node, [dValues]) => {
    if (!dValues) return [undefined, undefined]
    const x = node.inputs[0]!
    const zeros = full(x.shape, 0, { dtype: x.dtype })
    return [scatterAdd(zeros, node.outputs[1]!, dValues, node.attributes['axis'] as number), undefined]
  },
}

/** The k largest (or smallest) elements along `axis`, sorted, with their positions (int64); the lowest position on ties. */
export function topK(
  x: Tensor,
  k: number,
  options: { axis?: number; largest?: boolean } = {},
): { values: Tensor; indices: Tensor } {
  const axis = axisOf('topK', options.axis ?? -1, x.rank)
  const size = x.shape[axis]!
  if (!Number.isInteger(k) || k < 1 || (typeof size === 'number' && k > size)) {
    throw new GraphError('argument', `topK: k ${k} of ${size}`)
  }
  const shape = x.shape.map((old, i) => (i === axis ? k : old))
  const [values, indices] = makeNode(
    topKOp,
    [x, constant([k], { dtype: 'int64' })],
    [
      { dtype: x.dtype, shape },
      { dtype: 'int64', shape },
    ],
    { axis, largest: options.largest === false ? 0 : 1, sorted: 1 },
  )
  return { values: values!, indices: indices! }
}

/** 1 at the index and 0 elsewhere along a new last axis of size `classes`; indices out of range give zeros. */
export function oneHot(indices: Tensor, classes: number, options: { dtype?: Tensor['dtype'] } = {}): Tensor {
  needDType('oneHot', indices, 'int32', 'int64')
  const range = constant(
    Array.from({ length: classes }, (_, i) => i),
    { dtype: indices.dtype },
  )
  return cast(equal(unsqueeze(indices, -1), range), options.dtype ?? 'float32')
}
