// Hiera, the trunk of SAM 2 (arXiv 2306.00989; window layout and position embedding as in the SAM 2 release).
import type { Dim, Tensor } from '@maskwords/graph'
import {
  add,
  attention,
  conv,
  fusedAttention,
  gelu,
  joinHeads,
  maximum,
  pad,
  parameter,
  resize,
  splitHeads,
  tile,
} from '@maskwords/graph'
import { type HieraBlock, hieraBlocks, PATCH, type Sam2Config, stageSides } from './config.ts'
import { linearAt, normAt } from './parameters.ts'

const EPSILON = 1e-6

/** The largest of each 2 x 2 cells of x [batch, height, width, channels]; odd rows and columns at the end are left out. */
function pool2(x: Tensor): Tensor {
  const [, height, width] = x.shape as readonly [Dim, number, number, number]
  const halves = (map: Tensor, axis: number, size: number): Tensor => {
    const end = size - (size % 2)
    return maximum(map.slice({ axis, end, step: 2 }), map.slice({ axis, start: 1, end, step: 2 }))
  }
  return halves(halves(x, 1, height), 2, width)
}

/** x [batch, height, width, channels] as windows [batch x windows, side, side, channels], zeros at the bottom and right. */
function toWindows(x: Tensor, side: number): { windows: Tensor; rows: number; columns: number } {
  const [batch, height, width, channels] = x.shape as readonly [Dim, number, number, number]
  const rows = Math.ceil(height / side)
  const columns = Math.ceil(width / side)
  const padded =
    rows * side === height && columns * side === width
      ? x
      : pad(x, [
          [0, 0],
          [0, rows * side - height],
          [0, columns * side - width],
          [0, 0],
        ])
  const windows = padded
    .reshape([batch, rows, side, columns, side, channels])
    .permute([0, 1, 3, 2, 4, 5])
    .reshape([-1, side, side, channels])
  return { windows, rows, columns }
}

function fromWindows(
  windows: Tensor,
  grid: { batch: Dim; rows: number; columns: number; height: number; width: number },
): Tensor {
  const [, side, , channels] = windows.shape as readonly [Dim, number, number, number]
  const { batch, rows, columns, height, width } = grid
  const map = windows
    .reshape([batch, rows, columns, side, side, channels])
    .permute([0, 1, 3, 2, 4, 5])
    .reshape([batch, rows * side, columns * side, channels])
  const tall = rows * side === height ? map : map.slice({ axis: 1, end: height })
  return columns * side === width ? tall : tall.slice({ axis: 2, end: width })
}

export type TrunkOptions = {
  /** Gradients will be asked for: attention by plain products, slower and with all of its scores in memory. Default false. */
  readonly differentiable?: boolean
}

/** Attention within each map of x [maps, height, width, channels]; queries are pooled where the block pools. */
function mapAttention(x: Tensor, key: string, block: HieraBlock, options: TrunkOptions): Tensor {
  const [maps, height, width] = x.shape as readonly [Dim, number, number, number]
  const packed = linearAt(x.reshape([maps, height * width, -1]), `${key}.qkv`, 3 * block.to)
  const part = (i: number): Tensor => packed.slice({ axis: 2, start: i * block.to, end: (i + 1) * block.to })
  const pooled = block.pools ? pool2(part(0).reshape([maps, height, width, block.to])) : undefined
  const [rows, columns] =
    pooled === undefined ? [height, width] : (pooled.shape.slice(1, 3) as [number, number])
  const queries = pooled === undefined ? part(0) : pooled.reshape([maps, rows * columns, block.to])
  const split = (tensor: Tensor): Tensor => splitHeads(tensor, block.heads)
  const mixed =
    options.differentiable === true
      ? joinHeads(attention(split(queries), split(part(1)), split(part(2))))
      : fusedAttention(queries, part(1), part(2), { heads: block.heads })
  return linearAt(mixed, `${key}.proj`, block.to).reshape([maps, rows, columns, block.to])
}

function hieraBlock(x: Tensor, key: string, block: HieraBlock, options: TrunkOptions): Tensor {
  const [batch, height, width] = x.shape as readonly [Dim, number, number, number]
  const normal = normAt(x, `${key}.norm1`, EPSILON)
  let shortcut = x
  if (block.from !== block.to) {
    shortcut = linearAt(normal, `${key}.proj`, block.to)
    if (block.pools) shortcut = pool2(shortcut)
  }
  let mixed: Tensor
  if (block.window === 0) {
    mixed = mapAttention(normal, `${key}.attn`, block, options)
  } else {
    const { windows, rows, columns } = toWindows(normal, block.window)
    const shrink = block.pools ? 2 : 1
    mixed = fromWindows(mapAttention(windows, `${key}.attn`, block, options), {
      batch,
      rows,
      columns,
      height: Math.floor(height / shrink),
      width: Math.floor(width / shrink),
    })
  }
  const y = add(shortcut, mixed)
  const inner = gelu(linearAt(normAt(y, `${key}.norm2`, EPSILON), `${key}.mlp.layers.0`, 4 * block.to))
  return add(y, linearAt(inner, `${key}.mlp.layers.1`, block.to))
}

/** The learned position of every cell of the first map: a background resized to it plus one window repeated over it. */
function positions(config: Sam2Config, key: string): Tensor {
  const { embedDim, background, windows } = config.trunk
  const side = stageSides(config)[0]!
  const window = windows[0]!
  const wide = resize(parameter(`${key}.pos_embed`, [1, embedDim, ...background]), {
    size: [side, side],
    mode: 'bicubic',
  })
  const repeated = Math.ceil(side / window)
  const tiled = tile(parameter(`${key}.pos_embed_window`, [1, embedDim, window, window]), [
    1,
    1,
    repeated,
    repeated,
  ])
  const cut =
    repeated * window === side ? tiled : tiled.slice({ axis: 2, end: side }).slice({ axis: 3, end: side })
  return add(wide, cut).permute([0, 2, 3, 1])
}

/**
 * picture [batch, 3, imagePx, imagePx], normalised -> one map [batch, side, side, channels] a stage, from fine to coarse.
 * Parameters `${key}.patch_embed.proj`, `${key}.blocks.i.*`, `${key}.pos_embed*` as published.
 */
export function hieraTrunk(
  picture: Tensor,
  config: Sam2Config,
  key: string,
  options: TrunkOptions = {},
): Tensor[] {
  const { embedDim } = config.trunk
  const { kernel, stride, padding } = PATCH
  const patches = conv(picture, parameter(`${key}.patch_embed.proj.weight`, [embedDim, 3, kernel, kernel]), {
    bias: parameter(`${key}.patch_embed.proj.bias`, [embedDim]),
    stride,
    padding,
  })
  let x = add(patches.permute([0, 2, 3, 1]), positions(config, key))
  const maps: Tensor[] = []
  for (const block of hieraBlocks(config.trunk)) {
    x = hieraBlock(x, `${key}.blocks.${block.index}`, block, options)
    if (block.ends) maps.push(x)
  }
  return maps
}
