// NanoDet with a CSP backbone as a graph (RangiLyu/nanodet: CustomCspNet, PAN, NanoDetHead with one shared convolution), batch norms
// folded into the convolutions before them. Parameters go by the names of the published state dict.
import type { Dim, Tensor } from '@maskwords/graph'
import {
  add,
  cast,
  concat,
  constant,
  conv2d,
  flip,
  leakyRelu,
  maxPool,
  parameter,
  resize,
  sigmoid,
} from '@maskwords/graph'
import type { NanodetConfig } from './config.ts'
import { nanodetSides } from './config.ts'

/** What the network says of a batch of pictures; lists go from fine to coarse (strides 8, 16, 32 of the squashed picture). */
export type NanodetOutputs = {
  /** The pyramid's maps [batch, width, side, side]. */
  readonly maps: readonly Tensor[]
  /** Probability of each class at each cell, rows from top to bottom: [batch, side², classes]. */
  readonly scores: readonly Tensor[]
  /** Logits of the distances from a cell to the left, top, right and bottom of its box: [batch, side², 4 bins]. */
  readonly distances: readonly Tensor[]
}

type ConvAt = { readonly to: number; readonly kernel: 1 | 3; readonly stride?: 1 | 2 }

/** A convolution with bias that keeps the map's size (or halves it). */
function convAt(x: Tensor, key: string, { to, kernel, stride = 1 }: ConvAt): Tensor {
  return conv2d(x, parameter(`${key}.weight`, [to, x.shape[1] as number, kernel, kernel]), {
    bias: parameter(`${key}.bias`, [to]),
    stride,
    padding: (kernel - 1) / 2,
  })
}

/** RGB [batch, side, side, 3] from 0 to 255 as the network wants it: blue first, normalised, channels first. */
export function normalisedBgr(pixels: Tensor, config: NanodetConfig): Tensor {
  const each = (values: readonly number[]) => constant(values, { shape: [1, 3, 1, 1], dtype: 'float32' })
  const bgr = flip(cast(pixels, 'float32').permute([0, 3, 1, 2]), 1)
  return bgr.sub(each(config.meanBgr)).mul(each(config.stdBgr.map((value) => 1 / value)))
}

/** The backbone: the maps of the last three stages, from fine to coarse. */
function cspMaps(picture: Tensor, config: NanodetConfig, key: string): Tensor[] {
  const step = (x: Tensor, name: string, to: number, stride: 1 | 2 = 1): Tensor =>
    leakyRelu(convAt(x, name, { to, kernel: 3, stride }), config.slope)
  const stem = step(picture, `${key}.stages.0.conv`, config.stem, 2)
  let x = maxPool(stem, { kernel: 3, stride: 2, padding: 1 })
  const maps = config.stages.map(({ channels, blocks, stride }, at) => {
    // The published list counts the first convolution and the pooling as stages 0 and 1.
    const stage = `${key}.stages.${at + 2}`
    const first = step(x, `${stage}.in_conv.conv`, channels, stride)
    let inner = first
    for (let block = 0; block < blocks; block++) {
      const half = step(inner, `${stage}.res_blocks.${block}.in_conv.conv`, channels / 2)
      inner = concat([step(half, `${stage}.res_blocks.${block}.mid_conv.conv`, channels / 2), half], 1)
    }
    x = concat([step(inner, `${stage}.res_out_conv.conv`, channels), first], 1)
    return x
  })
  return maps.slice(-3)
}

/** The pyramid: each map with what the coarser ones say, then with what the finer ones say, moved by plain resizing. */
function pyramid(maps: readonly Tensor[], config: NanodetConfig, key: string): Tensor[] {
  const sides = nanodetSides(config)
  const merged = maps.map((map, i) =>
    convAt(map, `${key}.lateral_convs.${i}.conv`, { to: config.width, kernel: 1 }),
  )
  const moved = (from: number, to: number): Tensor =>
    resize(merged[from]!, { size: [sides[to]!, sides[to]!], mode: 'bilinear' })
  for (let level = merged.length - 2; level >= 0; level--)
    merged[level] = add(merged[level]!, moved(level + 1, level))
  for (let level = 1; level < merged.length; level++)
    merged[level] = add(merged[level]!, moved(level - 1, level))
  return merged
}

/**
 * pixels [batch, imagePx, imagePx, 3], RGB from 0 to 255 of pictures squashed to a square -> maps, class scores and distances. All
 * weights are parameters `${prefix}backbone.*`, `${prefix}fpn.*`, `${prefix}head.*`; those that gradients are not asked for are frozen.
 */
export function nanodet(pixels: Tensor, config: NanodetConfig, prefix = ''): NanodetOutputs {
  const { width, classes, bins } = config
  const maps = pyramid(
    cspMaps(normalisedBgr(pixels, config), config, `${prefix}backbone`),
    config,
    `${prefix}fpn`,
  )
  const scores: Tensor[] = []
  const distances: Tensor[] = []
  maps.forEach((map, level) => {
    const inner = leakyRelu(
      convAt(map, `${prefix}head.cls_convs.${level}.0.conv`, { to: width, kernel: 3 }),
      config.slope,
    )
    const said = convAt(inner, `${prefix}head.gfl_cls.${level}`, { to: classes + 4 * bins, kernel: 1 })
    const [batch, channels, height, columns] = said.shape as readonly [Dim, number, number, number]
    const rows = said.reshape([batch, channels, height * columns]).permute([0, 2, 1])
    scores.push(sigmoid(rows.slice({ axis: 2, end: classes })))
    distances.push(rows.slice({ axis: 2, start: classes }))
  })
  return { maps, scores, distances }
}
