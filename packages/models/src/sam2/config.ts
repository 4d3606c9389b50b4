// Sizes of SAM 2.1 (Ravi et al. 2024, arXiv 2408.00714) with the Hiera trunk (Ryali et al. 2023, arXiv 2306.00989).

export type HieraConfig = {
  /** Channels of the first stage; each later stage has twice as many, and twice as many heads. */
  readonly embedDim: number
  readonly heads: number
  /** Blocks of each stage. */
  readonly stages: readonly number[]
  /** Blocks (counted from 0 over all stages) that attend to the whole map. */
  readonly globalBlocks: readonly number[]
  /** Window side of each stage, in cells of its map. */
  readonly windows: readonly number[]
  /** Rows and columns of the learned background of the position embedding. */
  readonly background: readonly [number, number]
  /** How many stage starts halve the map. */
  readonly poolings: number
}

export type Sam2Config = {
  /** Side of the square picture that the trunk sees. */
  readonly imagePx: number
  readonly trunk: HieraConfig
  /** Channels of prompts and of the coarsest feature map used. */
  readonly width: number
  /** Neck levels, counted from the finest, that receive the coarser one. */
  readonly topDownLevels: readonly number[]
  /** Coarsest neck levels that are dropped. */
  readonly dropLevels: number
  readonly twoWay: {
    readonly depth: number
    readonly heads: number
    readonly mlpWidth: number
    readonly attentionDownsample: number
  }
  /** Channels of the mask prompt's convolutions; their last one has a quarter of them on the way. */
  readonly maskPromptWidth: number
}

const SAM2 = {
  imagePx: 1024,
  width: 256,
  topDownLevels: [2, 3],
  dropLevels: 1,
  twoWay: { depth: 2, heads: 8, mlpWidth: 2048, attentionDownsample: 2 },
  maskPromptWidth: 16,
} as const

const trunk = (
  embedDim: number,
  heads: number,
  stages: readonly number[],
  globalBlocks: readonly number[],
  windows: readonly number[],
  background: number,
): HieraConfig => ({
  embedDim,
  heads,
  stages,
  globalBlocks,
  windows,
  background: [background, background],
  poolings: 3,
})

/** The four published sizes of SAM 2.1. SAMTok uses `large`. */
export const SAM2_CONFIGS: Readonly<Record<'tiny' | 'small' | 'base-plus' | 'large', Sam2Config>> = {
  tiny: { ...SAM2, trunk: trunk(96, 1, [1, 2, 7, 2], [5, 7, 9], [8, 4, 14, 7], 7) },
  small: { ...SAM2, trunk: trunk(96, 1, [1, 2, 11, 2], [7, 10, 13], [8, 4, 14, 7], 7) },
  'base-plus': { ...SAM2, trunk: trunk(112, 2, [2, 3, 16, 3], [12, 16, 20], [8, 4, 14, 7], 14) },
  large: { ...SAM2, trunk: trunk(144, 2, [2, 6, 36, 4], [23, 33, 43], [8, 4, 16, 8], 7) },
}

/** Patch embedding of Hiera: 7 x 7 pixels, every 4. */
export const PATCH = { kernel: 7, stride: 4, padding: 3 } as const

/** One block of the trunk, with everything that its place decides. */
export type HieraBlock = {
  readonly index: number
  readonly from: number
  readonly to: number
  readonly heads: number
  /** Side of its windows; 0 = the whole map. */
  readonly window: number
  readonly pools: boolean
  /** Last of its stage: its output is a feature map. */
  readonly ends: boolean
}

/** The plan of the trunk. The first block of a stage still has the windows of the stage before it, as published. */
export function hieraBlocks(config: HieraConfig): HieraBlock[] {
  const blocks: HieraBlock[] = []
  let width = config.embedDim
  let heads = config.heads
  config.stages.forEach((count, stage) => {
    for (let i = 0; i < count; i++) {
      const first = stage > 0 && i === 0
      const to = first ? width * 2 : width
      if (first) heads *= 2
      const index = blocks.length
      blocks.push({
        index,
        from: width,
        to,
        heads,
        window: config.globalBlocks.includes(index) ? 0 : config.windows[first ? stage - 1 : stage]!,
        pools: first && stage <= config.poolings,
        ends: i === count - 1,
      })
      width = to
    }
  })
  return blocks
}

/** Side of the map of each stage, from fine to coarse. */
export function stageSides(config: Sam2Config): number[] {
  const first = Math.floor((config.imagePx + 2 * PATCH.padding - PATCH.kernel) / PATCH.stride) + 1
  return config.trunk.stages.map((_, stage) =>
    Math.floor(first / 2 ** Math.min(stage, config.trunk.poolings)),
  )
}

/** Side of the map that prompts are given on, and of the masks that come out (four times it). */
export function promptSide(config: Sam2Config): number {
  return stageSides(config)[config.trunk.stages.length - 1 - config.dropLevels]!
}

/** The sentences that say what is wrong with a configuration; none where it can be built. */
export function sam2Problems(config: Sam2Config): string[] {
  const problems: string[] = []
  const { trunk: t, twoWay, width, imagePx } = config
  const whole = (name: string, value: number, least = 1): void => {
    if (!Number.isInteger(value) || value < least)
      problems.push(`${name} must be a whole number of at least ${least}, got ${value}`)
  }
  whole('imagePx', imagePx)
  whole('trunk.embedDim', t.embedDim)
  whole('trunk.heads', t.heads)
  whole('width', width)
  whole('dropLevels', config.dropLevels, 0)
  whole('maskPromptWidth', config.maskPromptWidth, 4)
  if (t.stages.length === 0 || t.windows.length !== t.stages.length) {
    problems.push(`${t.windows.length} window sides for ${t.stages.length} stages`)
    return problems
  }
  for (const [i, count] of t.stages.entries()) whole(`trunk.stages[${i}]`, count)
  for (const [i, side] of t.windows.entries()) whole(`trunk.windows[${i}]`, side)
  if (problems.length > 0) return problems
  for (const block of hieraBlocks(t)) {
    if (block.to % block.heads !== 0)
      problems.push(`block ${block.index}: ${block.to} channels do not divide by ${block.heads} heads`)
    if (block.pools && block.window % 2 === 1)
      problems.push(`block ${block.index} halves windows of odd side ${block.window}`)
  }
  const levels = t.stages.length - config.dropLevels
  if (levels !== 3) problems.push(`the mask decoder reads 3 feature maps, but ${levels} are left`)
  const sides = stageSides(config)
  if (sides.some((side, i) => i > 0 && sides[i - 1] !== side * 2)) {
    problems.push(`imagePx ${imagePx} gives maps of ${sides.join(', ')}; each must be half of the one before`)
  }
  if (width % 8 !== 0) problems.push(`width ${width} does not divide by 8`)
  const inner = width / twoWay.attentionDownsample
  if (inner % twoWay.heads !== 0 || width % twoWay.heads !== 0) {
    problems.push(`widths ${width} and ${inner} do not divide by ${twoWay.heads} heads`)
  }
  return problems
}
