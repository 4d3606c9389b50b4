// Cutting and joining: slice, split, concat, pad, flip and their gradients (ONNX Slice, Split, Concat, Pad).

import { GraphError } from '../error.ts'
import type { Dim, Shape } from '../size.ts'
import { addDims, floorDivideDim, sameShape, shapeText, subtractDims } from '../size.ts'
import type { Node, Op, SliceOptions, Tensor } from '../tensor.ts'
import { constant, makeNode, makeTensor, scalar, sizesVector } from '../tensor.ts'
import { reshape } from './broadcast.ts'
import { axisOf, sameDType } from './check.ts'
import { full, unsqueeze } from './shape.ts'

type SliceWindow = { axis: number; start: Dim; end: Dim; step: number }

function windowOf({ attributes }: Node): SliceWindow {
  return {
    axis: attributes['$axis'] as number,
    start: attributes['$start'] as Dim,
    end: attributes['$end'] as Dim,
    step: attributes['$step'] as number,
  }
}

export const sliceOp: Op = {
  name: 'Slice',
  gradient: (node, [dy]) => {
    const x = node.inputs[0]!
    const window = windowOf(node)
    const size = x.shape[window.axis]!
    if (window.step !== 1) return [stridedGradient(dy!, x, window)]
    const before = window.start
    const after = subtractDims(size, window.end)
    if (typeof before === 'number' && typeof after === 'number') {
      return [padZeros(dy!, window.axis, before, after), undefined, undefined, undefined, undefined]
    }
    const zeros = (count: Dim): Tensor[] =>
      count === 0 ? [] : [full(withSize(x.shape, window.axis, count), 0, { dtype: x.dtype })]
    return [concat([...zeros(before), dy!, ...zeros(after)], window.axis)]
  },
}

function withSize(shape: Shape, axis: number, size: Dim): Shape {
  return shape.map((old, i) => (i === axis ? size : old))
}

// Every step-th element: put step-1 zeros after each, then pad or cut to the old size.
function stridedGradient(dy: Tensor, x: Tensor, { axis, start, step }: SliceWindow): Tensor {
  const size = x.shape[axis]!
  const count = dy.shape[axis]!
  if (typeof size !== 'number' || typeof start !== 'number' || typeof count !== 'number') {
    throw new GraphError('no-gradient', 'slice: steps over a symbolic axis have no gradient')
  }
  if (step < 0) {
    const last = start + (count - 1) * step
    return stridedGradient(flip(dy, axis), x, { axis, start: last, end: start + 1, step: -step })
  }
  const split = [...dy.shape.slice(0, axis + 1), 1, ...dy.shape.slice(axis + 1)]
  const spaced = padZeros(reshape(dy, split), axis + 1, 0, step - 1)
  const joined = reshape(spaced, withSize(dy.shape, axis, count * step))
  const extra = size - start - count * step
  if (extra >= 0) return padZeros(joined, axis, start, extra)
  return padZeros(slice(joined, { axis, end: count * step + extra }), axis, start, 0)
}

/**
 * A window of one axis.
 * @throws GraphError `argument` when positions are outside the axis, or cannot be compared with a symbolic size.
 */
export function slice(x: Tensor, options: SliceOptions): Tensor {
  const axis = axisOf('slice', options.axis, x.rank)
  const step = options.step ?? 1
  const size = x.shape[axis]!
  if (!Number.isInteger(step) || step === 0) throw new GraphError('argument', `slice: step ${step}`)
  const place = (value: Dim | undefined, otherwise: Dim): Dim => {
    if (value === undefined) return otherwise
    return typeof value === 'number' && value < 0 ? addDims(size, value) : value
  }
  const start = place(options.start, step > 0 ? 0 : addDims(size, -1))
  // -1 as the end of a backward slice means "before the first", which place() would read as the last position.
  const end = step > 0 ? place(options.end, size) : options.end === undefined ? -1 : place(options.end, -1)
  if (typeof size === 'number' && typeof start === 'number' && typeof end === 'number') {
    const low = step > 0 ? start : end + 1
    const high = step > 0 ? end : start + 1
    if (low < 0 || high > size || low > high) {
      throw new GraphError(
        'argument',
        `slice: ${options.start ?? ''}:${options.end ?? ''} of axis ${axis} of ${shapeText(x.shape)}`,
      )
    }
  }
  const length = step > 0 ? subtractDims(end, start) : subtractDims(start, end)
  const stride = Math.abs(step)
  const count = floorDivideDim(addDims(length, stride - 1), stride)
  if (start === 0 && end === size && step === 1) return x
  // "To the end" needs no size; ONNX clamps a large number.
  const toEnd = step > 0 ? end === size : end === -1
  const last = toEnd ? (step > 0 ? Number.MAX_SAFE_INTEGER : -Number.MAX_SAFE_INTEGER) : end
  const vector = (value: Dim) =>
    typeof value === 'number' ? constant([value], { dtype: 'int64' }) : sizesVector([value])
  const fromBack = typeof start === 'string' && typeof options.start === 'number' ? options.start : start
  return makeTensor(
    sliceOp,
    [
      x,
      vector(fromBack),
      vector(last),
      constant([axis], { dtype: 'int64' }),
      constant([step], { dtype: 'int64' }),
    ],
    x.dtype,
    withSize(x.shape, axis, count),
    { $axis: axis, $start: start, $end: end, $step: step },
  )
}

export const splitOp: Op = {
  name: 'Split',
  gradient: (node, gradients) => {
    const axis = node.attributes['axis'] as number
    const parts = node.outputs.map(
      (output, i) => gradients[i] ?? full(output.shape, 0, { dtype: output.dtype }),
    )
    return [concat(parts, axis), undefined]
  },
}

/** x cut along `axis` into pieces of the given sizes, or into `sizes` equal pieces where that is a number. */
export function split(x: Tensor, axis: number, sizes: number | readonly number[]): readonly Tensor[] {
  const at = axisOf('split', axis, x.rank)
  const size = x.shape[at]!
  if (typeof size !== 'number') {
    throw new GraphError('shape', `split: axis ${axis} of ${shapeText(x.shape)} is symbolic`, {
      hint: 'use slice',
    })
  }
  const list = typeof sizes === 'number' ? new Array<number>(sizes).fill(size / sizes) : sizes
  const total = list.reduce((a, b) => a + b, 0)
  if (total !== size || list.some((piece) => !Number.isInteger(piece) || piece < 0)) {
    throw new GraphError('shape', `split: axis ${axis} of ${shapeText(x.shape)} into [${list}]`)
  }
  if (list.length === 1) return [x]
  return makeNode(
    splitOp,
    [x, constant([...list], { dtype: 'int64' })],
    list.map((piece) => ({ dtype: x.dtype, shape: withSize(x.shape, at, piece) })),
    { axis: at },
  )
}

export const concatOp: Op = {
  name: 'Concat',
  gradient: (node, [dy], needs) => {
    const axis = node.attributes['axis'] as number
    const sizes = node.inputs.map((part) => part!.shape[axis]!)
    if (sizes.every((size) => typeof size === 'number') && needs.filter(Boolean).length > 1) {
      return split(dy!, axis, sizes as number[])
    }
    let start: Dim = 0
    return node.inputs.map((_, i) => {
      const end: Dim = addDims(start, sizes[i]!)
      const part = needs[i] ? slice(dy!, { axis, start, end }) : undefined
      start = end
      return part
    })
  },
}

/** The tensors joined along `axis`; all other sizes are equal. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0]
  if (!first) throw new GraphError('argument', 'concat: no tensors')
  const at = axisOf('concat', axis, first.rank)
  let total: Dim = 0
  for (const part of parts) {
    sameDType('concat', first, part)
    if (part.rank !== first.rank || !sameShape(withSize(part.shape, at, 0), withSize(first.shape, at, 0))) {
      throw new GraphError(
        'shape',
        `concat along axis ${axis}: ${shapeText(first.shape)} and ${shapeText(part.shape)}`,
      )
    }
    total = addDims(total, part.shape[at]!)
  }
  if (parts.length === 1) return first
  return makeTensor(concatOp, parts, first.dtype, withSize(first.shape, at, total), { axis: at })
}

/** The tensors joined along a new axis. */
export function stack(parts: readonly Tensor[], axis: number): Tensor {
  return concat(
    parts.map((part) => unsqueeze(part, axis)),
    axis,
  )
}

/** Before and after, one pair an axis, counted in elements. */
export type Padding = readonly (readonly [before: number, after: number])[]

export const padOp: Op = {
  name: 'Pad',
  gradient: (node, [dy]) => {
    if (node.attributes['mode'] !== 'constant') {
      throw new GraphError('no-gradient', `pad: mode ${node.attributes['mode']} has no gradient`)
    }
    let result = dy!
    const afters = node.attributes['$after'] as number[]
    ;(node.attributes['$before'] as number[]).forEach((before, axis) => {
      const after = afters[axis]!
      if (before > 0 || after > 0) {
        result = slice(result, { axis, start: before, end: subtractDims(result.shape[axis]!, after) })
      }
    })
    return [result, undefined, undefined]
  },
}

/** x with elements added before and after each axis: a constant, the edge, or the mirror (without the edge). */
export function pad(
  x: Tensor,
  padding: Padding,
  options: { value?: number; mode?: 'constant' | 'edge' | 'reflect' } = {},
): Tensor {
  const counts = padding.flat()
  if (padding.length !== x.rank || counts.some((count) => !Number.isInteger(count) || count < 0)) {
    throw new GraphError('argument', `pad: ${JSON.stringify(padding)} for ${shapeText(x.shape)}`, {
      hint: 'give one [before, after] pair an axis, whole numbers of at least 0',
    })
  }
  if (counts.every((count) => count === 0)) return x
  const shape = x.shape.map((size, axis) => addDims(size, padding[axis]![0] + padding[axis]![1]))
  const amounts = constant([...padding.map(([before]) => before), ...padding.map(([, after]) => after)], {
    dtype: 'int64',
  })
  return makeTensor(padOp, [x, amounts, scalar(options.value ?? 0, x.dtype)], x.dtype, shape, {
    mode: options.mode ?? 'constant',
    $before: padding.map(([before]) => before),
    $after: padding.map(([, after]) => after),
  })
}

function padZeros(x: Tensor, axis: number, before: number, after: number): Tensor {
  return pad(
    x,
    x.shape.map((_, i): [number, number] => (i === axis ? [before, after] : [0, 0])),
  )
}

/** x with `axis` in reverse order. */
export function flip(x: Tensor, axis: number): Tensor {
  return slice(x, { axis, step: -1 })
}

/** x moved along `axis` by `by` places, what falls off re-entering at the other end (torch.roll). */
export function roll(x: Tensor, axis: number, by: number): Tensor {
  const at = axisOf('roll', axis, x.rank)
  const size = x.shape[at]!
  if (typeof size !== 'number')
    throw new GraphError('shape', `roll: axis ${axis} of ${shapeText(x.shape)} is symbolic`)
  const shift = ((by % size) + size) % size
  if (shift === 0) return x
  return concat([slice(x, { axis: at, start: size - shift }), slice(x, { axis: at, end: size - shift })], at)
}
