// Sizes of a NanoDet with a CSP backbone (RangiLyu/nanodet, config legacy_v0.x_configs/nanodet-g.yml; CustomCspNet, PAN and
// NanoDetHead there).

/** One CSP block of the backbone: half of what it gives went through its residual blocks, half only through its first convolution. */
export type CspStage = {
  /** Channels of its convolutions; twice as many come out. */
  readonly channels: number
  /** Residual blocks. */
  readonly blocks: number
  readonly stride: 1 | 2
}

export type NanodetConfig = {
  /** Side of the square picture that the network sees. */
  readonly imagePx: number
  /** Channels of the first convolution, which halves the picture; a pooling halves it again. */
  readonly stem: number
  /** From fine to coarse; the last three halve the map and feed the pyramid. */
  readonly stages: readonly CspStage[]
  /** Channels of the pyramid's maps and of the heads. */
  readonly width: number
  readonly classes: number
  /** Distances that a side of a box may have from its cell, 0 to bins - 1 strides. */
  readonly bins: number
  /** Slope of every leaky ReLU below 0. */
  readonly slope: number
  /** Mean and deviation of the blue, green and red channels, of values from 0 to 255. */
  readonly meanBgr: readonly [number, number, number]
  readonly stdBgr: readonly [number, number, number]
}

/** NanoDet-g: 3.8 million numbers, 80 classes of COCO. */
export const NANODET_G: NanodetConfig = {
  imagePx: 416,
  stem: 32,
  stages: [
    { channels: 32, blocks: 1, stride: 1 },
    { channels: 64, blocks: 2, stride: 2 },
    { channels: 128, blocks: 2, stride: 2 },
    { channels: 256, blocks: 3, stride: 2 },
  ],
  width: 128,
  classes: 80,
  bins: 11,
  slope: 0.1,
  meanBgr: [103.53, 116.28, 123.675],
  stdBgr: [57.375, 57.12, 58.395],
}

/** Pixels between two cells of each map, from fine to coarse. */
export const NANODET_STRIDES = [8, 16, 32] as const

/** Cells a side of each map, from fine to coarse. */
export function nanodetSides(config: Pick<NanodetConfig, 'imagePx'>): number[] {
  return NANODET_STRIDES.map((stride) => config.imagePx / stride)
}

/** The sentences that say what is wrong with a configuration; none where it can be built. */
export function nanodetProblems(config: NanodetConfig): string[] {
  const problems: string[] = []
  const whole = (name: string, value: number, least = 1): void => {
    if (!Number.isInteger(value) || value < least)
      problems.push(`${name} must be a whole number of at least ${least}, got ${value}`)
  }
  for (const name of ['stem', 'width', 'classes'] as const) whole(name, config[name])
  whole('bins', config.bins, 2)
  const coarsest = NANODET_STRIDES[2]
  if (!Number.isInteger(config.imagePx / coarsest) || config.imagePx < coarsest)
    problems.push(`imagePx must be a multiple of ${coarsest}, got ${config.imagePx}`)
  if (!(config.slope >= 0 && config.slope < 1))
    problems.push(`slope must be at least 0 and below 1, got ${config.slope}`)
  for (const [name, least] of [
    ['meanBgr', Number.NEGATIVE_INFINITY],
    ['stdBgr', 0],
  ] as const) {
    const values = config[name]
    if (values.length !== 3 || values.some((value) => !Number.isFinite(value) || value <= least))
      problems.push(`${name} must be three numbers${least === 0 ? ' above 0' : ''}, got [${values}]`)
  }
  config.stages.forEach(({ channels, blocks }, i) => {
    whole(`stages[${i}].channels`, channels, 2)
    whole(`stages[${i}].blocks`, blocks)
    if (channels % 2 === 1) problems.push(`stages[${i}].channels must be even, got ${channels}`)
  })
  const strides = config.stages.map(({ stride }) => stride)
  if (strides.length < 3 || strides.some((stride, i) => stride !== (i < strides.length - 3 ? 1 : 2)))
    problems.push(`the last three stages must have stride 2 and all before them 1, got [${strides}]`)
  config.stages.forEach((stage, i) => {
    const before = i === 0 ? config.stem : 2 * config.stages[i - 1]!.channels
    if (stage.channels !== before)
      problems.push(`stages[${i}].channels must be the ${before} that come in, got ${stage.channels}`)
  })
  return problems
}
