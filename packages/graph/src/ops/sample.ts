// Bilinear sampling at points (torch.nn.functional.grid_sample: bilinear, zeros outside, align_corners=False; ONNX GridSample).
import { GraphError } from '../error.ts'
import type { Dim } from '../size.ts'
import { multiplyDims, productOf, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { makeTensor } from '../tensor.ts'
import {
  add,
  and,
  clip,
  floor,
  greaterOrEqual,
  lessOrEqual,
  multiply,
  subtract,
  sumOf,
} from './arithmetic.ts'
import { range } from './attention.ts'
import { reshape, sum } from './broadcast.ts'
import { cast } from './cast.ts'
import { needFloat, needRank, sameDType } from './check.ts'
import { gather, scatterRows } from './gather.ts'
import { full, permute, squeeze, unsqueeze } from './shape.ts'
import { slice, stack } from './slice.ts'

/** One of the four pixels around each point: its row in the list of all pixels, its weight and the weight's slopes. */
type Corner = { rows: Tensor; weight: Tensor; slopeX: Tensor; slopeY: Tensor }

function cornersOf(x: Tensor, grid: Tensor): Corner[] {
  const [batch, , height, width] = x.shape as readonly [Dim, Dim, number, number]
  const points = productOf(grid.shape.slice(1, 3))
  const flat = reshape(grid, [batch, points, 2])
  const part = (i: number, size: number) => {
    const value = squeeze(slice(flat, { axis: 2, start: i, end: i + 1 }), 2)
    return subtract(multiply(add(value, 1), size / 2), 0.5)
  }
  const px = part(0, width)
  const py = part(1, height)
  const left = floor(px)
  const top = floor(py)
  const fx = subtract(px, left)
  const fy = subtract(py, top)
  const start = unsqueeze(multiply(range(batch), height * width), 1)
  const corners: Corner[] = []
  for (const dy of [0, 1]) {
    for (const dx of [0, 1]) {
      const column = add(left, dx)
      const row = add(top, dy)
      const inside = and(
        and(greaterOrEqual(column, 0), lessOrEqual(column, width - 1)),
        and(greaterOrEqual(row, 0), lessOrEqual(row, height - 1)),
      )
      const seen = cast(inside, x.dtype)
      const safe = (t: Tensor, size: number) => cast(clip(t, { low: 0, high: size - 1 }), 'int64')
      const rows = add(add(multiply(safe(row, height), width), safe(column, width)), start)
      const wx = dx === 1 ? fx : subtract(1, fx)
      const wy = dy === 1 ? fy : subtract(1, fy)
      corners.push({
        rows: reshape(rows, [multiplyDims(batch, points)]),
        weight: multiply(multiply(wx, wy), seen),
        slopeX: multiply(multiply(wy, dx === 1 ? 1 : -1), seen),
        slopeY: multiply(multiply(wx, dy === 1 ? 1 : -1), seen),
      })
    }
  }
  return corners
}

export const gridSampleOp: Op = {
  name: 'GridSample',
  gradient: (node, [dy], needs) => {
    const [x, grid] = node.inputs as readonly [Tensor, Tensor]
    const [batch, channels, height, width] = x.shape as readonly [Dim, Dim, number, number]
    const points = productOf(grid.shape.slice(1, 3))
    const corners = cornersOf(x, grid)
    const list = reshape(permute(dy!, [0, 2, 3, 1]), [multiplyDims(batch, points), channels])
    const pixels = multiplyDims(batch, height * width)
    const dx = () => {
      let table = full([pixels, channels], 0, { dtype: x.dtype })
      for (const { rows, weight } of corners) {
        table = scatterRows(table, rows, multiply(list, reshape(weight, [multiplyDims(batch, points), 1])))
      }
      return permute(reshape(table, [batch, height, width, channels]), [0, 3, 1, 2])
    }
    const dGrid = () => {
      const table = reshape(permute(x, [0, 2, 3, 1]), [pixels, channels])
      // How much the loss rises with the weight of each corner.
      const rises = corners.map(({ rows }) =>
        reshape(sum(multiply(gather(table, rows), list), 1), [batch, points]),
      )
      const along = (slope: (corner: Corner) => Tensor, size: number) =>
        multiply(sumOf(corners.map((corner, i) => multiply(rises[i]!, slope(corner)))), size / 2)
      const both = stack([along((c) => c.slopeX, width), along((c) => c.slopeY, height)], 2)
      return reshape(both, grid.shape)
    }
    return [needs[0] ? dx() : undefined, needs[1] ? dGrid() : undefined]
  },
}

/**
 * x [batch, channels, height, width] at the points of grid [batch, rows, columns, 2]: pairs (x, y), where -1 and 1 are
 * the outer edges of the first and last pixel; zeros outside. Gives [batch, channels, rows, columns].
 */
export function gridSample(x: Tensor, grid: Tensor): Tensor {
  needFloat('gridSample', x)
  sameDType('gridSample', x, grid)
  needRank('gridSample', x, 4, '[batch, channels, height, width]')
  needRank('gridSample', grid, 4, 'a grid [batch, rows, columns, 2]')
  if (
    grid.shape[3] !== 2 ||
    grid.shape[0] !== x.shape[0] ||
    typeof x.shape[2] !== 'number' ||
    typeof x.shape[3] !== 'number'
  ) {
    throw new GraphError('shape', `gridSample: x ${shapeText(x.shape)} at grid ${shapeText(grid.shape)}`)
  }
  const shape = [x.shape[0]!, x.shape[1]!, grid.shape[1]!, grid.shape[2]!]
  return makeTensor(gridSampleOp, [x, grid], x.dtype, shape, {
    mode: 'bilinear',
    padding_mode: 'zeros',
    align_corners: 0,
  })
}
