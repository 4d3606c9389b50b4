// Checks and small shape arithmetic that all ops share: axes, broadcasting (ONNX "Broadcasting in ONNX"), data types.
import type { DType } from '../dtype.ts'
import { isFloat } from '../dtype.ts'
import { GraphError } from '../error.ts'
import type { Dim, Shape } from '../size.ts'
import { shapeText } from '../size.ts'
import type { Tensor } from '../tensor.ts'

/** An axis counted from the front; negative axes count from the back. */
export function axisOf(what: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || at < 0 || at >= rank) {
    throw new GraphError('argument', `${what}: axis ${axis} of a tensor with ${rank} axes`)
  }
  return at
}

/** The sorted distinct axes; all of them when none are named. */
export function axesOf(what: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis)
  const list = typeof axes === 'number' ? [axes] : axes
  const sorted = list.map((axis) => axisOf(what, axis, rank)).sort((a, b) => a - b)
  if (sorted.some((axis, i) => axis === sorted[i - 1])) {
    throw new GraphError('argument', `${what}: axes [${list}] name one axis twice`)
  }
  return sorted
}

/** The shape that two shapes broadcast to. */
export function broadcast(what: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  const result: Dim[] = []
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? 1
    const y = b[axis - rank + b.length] ?? 1
    if (x === y || y === 1) result.push(x)
    else if (x === 1) result.push(y)
    else {
      throw new GraphError(
        'shape',
        `${what}: ${shapeText(a)} and ${shapeText(b)} do not broadcast: ${x} and ${y} differ`,
        {
          hint: 'sizes are aligned at the last axis; each pair must be equal, or one of them 1',
        },
      )
    }
  }
  return result
}

export function sameDType(what: string, ...tensors: readonly Tensor[]): DType {
  const [first, ...rest] = tensors
  for (const other of rest) {
    if (other.dtype !== first!.dtype) {
      throw new GraphError('dtype', `${what}: ${first} with ${other}`, {
        hint: 'cast one of them: x.cast("float32")',
      })
    }
  }
  return first!.dtype
}

export function needFloat(what: string, ...tensors: readonly Tensor[]): void {
  for (const tensor of tensors) {
    if (!isFloat(tensor.dtype)) {
      throw new GraphError('dtype', `${what}: wants a float type, got ${tensor}`, {
        hint: 'cast it: x.cast("float32")',
      })
    }
  }
}

export function needDType(what: string, tensor: Tensor, ...allowed: readonly DType[]): void {
  if (!allowed.includes(tensor.dtype)) {
    throw new GraphError('dtype', `${what}: wants ${allowed.join(' or ')}, got ${tensor}`)
  }
}

export function needRank(what: string, tensor: Tensor, rank: number, axes: string): void {
  if (tensor.rank !== rank) {
    throw new GraphError('shape', `${what}: wants ${axes}, got ${shapeText(tensor.shape)}`)
  }
}
