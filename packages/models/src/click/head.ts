// From a picture's feature maps and clicks to an object: a small convolutional head on SAM 2's three maps. Ours; clicks as maps
// of discs and the answer before as an input follow Sofiiuk et al. 2021, "Reviving iterative training with mask guidance".
import {
  concat,
  conv,
  input,
  parameter,
  permute,
  relu,
  reshape,
  resize,
  sum,
  type Tensor,
} from '@maskwords/graph'
import { channelNormAt } from '../sam2/parameters.ts'

/** Sizes of a click head. */
export type ClickHeadConfig = {
  /** Channels of the coarsest map; the finer ones have a quarter and an eighth. */
  readonly width: number
  /** Cells a side of the coarsest map; the answer has four times as many. */
  readonly side: number
  /** Channels inside. */
  readonly channels: number
  /** Of each residual block's 3 x 3 convolution, at twice the cells of the coarsest map. */
  readonly dilations: readonly number[]
}

/** The head of samtok-nano. */
export const CLICK_HEAD: ClickHeadConfig = {
  width: 128,
  side: 16,
  channels: 32,
  dilations: [1, 2, 4, 1, 2, 4],
}

/** Maps that a prompt comes as: plus discs, minus discs, the inside of the box, whether there is one, the answer before. */
export const CLICK_MAPS = 5

/** The inputs of a click head: the three maps of one picture or of each object, and the prompts of each object. */
export function clickHeadInputs(
  config: ClickHeadConfig,
  pictures: 1 | 'objects',
): Record<'coarse' | 'middle' | 'fine' | 'prompts', Tensor> {
  const { width, side } = config
  return {
    coarse: input('coarse', 'float32', [pictures, width, side, side]),
    middle: input('middle', 'float32', [pictures, width / 4, 2 * side, 2 * side]),
    fine: input('fine', 'float32', [pictures, width / 8, 4 * side, 4 * side]),
    prompts: input('prompts', 'float32', ['objects', CLICK_MAPS, 4 * side, 4 * side]),
  }
}

/** [batch, channels, 2 side, 2 side] as [batch, 4 channels, side, side]: what four cells have, one after the other. */
function gathered(x: Tensor, channels: number, side: number): Tensor {
  const batch = x.shape[0]!
  const cells = permute(reshape(x, [batch, channels, side, 2, side, 2]), [0, 1, 3, 5, 2, 4])
  return reshape(cells, [batch, 4 * channels, side, side])
}

const pointwise = (x: Tensor, key: string, to: number): Tensor =>
  conv(x, parameter(`${key}.weight`, [to, x.shape[1] as number, 1, 1]), {
    bias: parameter(`${key}.bias`, [to]),
  })

/** The mean of features [.., channels, cells] over the cells that a map [objects, 1, cells] marks; 0 where it marks none. */
function meanUnder(features: Tensor, marks: Tensor): Tensor {
  const axes = [2, 3]
  const count = sum(marks, axes, { keepDims: true }).add(1e-3)
  return sum(features.mul(marks), axes, { keepDims: true }).div(count)
}

/** Logits [objects, 4 side, 4 side] of the object that the prompts mean. */
export function clickHead(inputs: ReturnType<typeof clickHeadInputs>, config: ClickHeadConfig): Tensor {
  const { width, side, channels, dilations } = config
  const cells = 2 * side
  const { coarse, middle, fine, prompts } = inputs
  const objects = prompts.shape[0]!
  const maps = concat(
    [resize(coarse, { size: [cells, cells], mode: 'bilinear' }), middle, gathered(fine, width / 8, cells)],
    1,
  )
  const seen = relu(channelNormAt(pointwise(maps, 'click.maps', channels), 'click.seen'))
  const told = gathered(prompts, CLICK_MAPS, cells)
  const marks = (map: number): Tensor =>
    told.slice({ axis: 1, start: 4 * map, end: 4 * map + 4 }).mean(1, { keepDims: true })
  // How each cell differs from those that were clicked: what is alike is found wherever it lies.
  const alike = [0, 1].map((map) => seen.sub(meanUnder(seen, marks(map))))
  const mapsOf = pointwise(concat(alike, 1), 'click.alike', channels)
  let x = mapsOf.add(pointwise(told, 'click.told', channels)).add(pointwise(seen, 'click.own', channels))
  dilations.forEach((dilation, block) => {
    const key = `click.blocks.${block}`
    const inner = relu(channelNormAt(x, `${key}.norm`))
    x = x.add(
      conv(inner, parameter(`${key}.weight`, [channels, channels, 3, 3]), {
        bias: parameter(`${key}.bias`, [channels]),
        padding: dilation,
        dilation,
      }),
    )
  })
  const out = pointwise(relu(channelNormAt(x, 'click.last')), 'click.out', 4)
  const parts = permute(reshape(out, [objects, 2, 2, cells, cells]), [0, 3, 1, 4, 2])
  return reshape(parts, [objects, 4 * side, 4 * side])
}
