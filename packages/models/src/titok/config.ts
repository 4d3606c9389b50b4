// Sizes of a TiTok mask tokenizer (Yu et al. 2024, arXiv 2406.07550) as HiMTok uses it: one binary mask <-> a row of tokens.

/** One transformer of pre-norm blocks; the head size is width / heads, the MLP four times as wide. */
export type TransformerSize = { readonly width: number; readonly layers: number; readonly heads: number }

export type TiTokConfig = {
  /** Side of the square mask that goes in and of the map that comes out. */
  readonly sizePx: number
  readonly patchPx: number
  /** Number of tokens, K. */
  readonly latents: number
  /** Rows of the codebook and length of a row. */
  readonly codebookSize: number
  readonly codeSize: number
  readonly encoder: TransformerSize
  readonly decoder: TransformerSize
  readonly pixelDecoder: {
    /** Channels that the transformer hands over (TiTok's intermediate codebook had 1024 entries; HiMTok kept the width). */
    readonly inputChannels: number
    readonly channels: number
    /** Channel multipliers from fine to coarse; one up-sampling step between two, so patchPx = 2^(length - 1). */
    readonly multipliers: readonly number[]
    readonly blocks: number
    /** Channels of the map that is averaged into one. */
    readonly outputChannels: number
    /** Groups of every group norm. Default 32, as published. */
    readonly normGroups?: number
  }
  /** MLP width over transformer width. */
  readonly mlpRatio: number
}

/** The published HiMTok: TiTok-L-32 on masks of 256 x 256, 644 million parameters. */
export const HIMTOK_CONFIG: TiTokConfig = {
  sizePx: 256,
  patchPx: 16,
  latents: 32,
  codebookSize: 1024,
  codeSize: 12,
  encoder: { width: 1024, layers: 24, heads: 16 },
  decoder: { width: 1024, layers: 24, heads: 16 },
  pixelDecoder: {
    inputChannels: 1024,
    channels: 128,
    multipliers: [1, 1, 2, 2, 4],
    blocks: 2,
    outputChannels: 3,
  },
  mlpRatio: 4,
}

/** Groups of every group norm of the published pixel decoder. */
export const PIXEL_NORM_GROUPS = 32

/** The sentences that say what is wrong with a configuration; none where it can be built. */
export function titokProblems(config: TiTokConfig): string[] {
  const problems: string[] = []
  const whole = (name: string, value: number): void => {
    if (!Number.isInteger(value) || value < 1)
      problems.push(`${name} must be a whole number of at least 1, got ${value}`)
  }
  for (const name of ['sizePx', 'patchPx', 'latents', 'codebookSize', 'codeSize', 'mlpRatio'] as const)
    whole(name, config[name])
  for (const side of ['encoder', 'decoder'] as const) {
    const { width, layers, heads } = config[side]
    whole(`${side}.width`, width)
    whole(`${side}.layers`, layers)
    whole(`${side}.heads`, heads)
    if (width % heads !== 0) problems.push(`${side}.width ${width} does not divide by its ${heads} heads`)
  }
  const {
    inputChannels,
    channels,
    multipliers,
    blocks,
    outputChannels,
    normGroups = PIXEL_NORM_GROUPS,
  } = config.pixelDecoder
  whole('pixelDecoder.normGroups', normGroups)
  whole('pixelDecoder.inputChannels', inputChannels)
  whole('pixelDecoder.channels', channels)
  whole('pixelDecoder.blocks', blocks)
  whole('pixelDecoder.outputChannels', outputChannels)
  multipliers.forEach((multiplier, i) => {
    whole(`pixelDecoder.multipliers[${i}]`, multiplier)
    if ((channels * multiplier) % normGroups !== 0) {
      problems.push(
        `pixelDecoder: ${channels} x ${multiplier} channels do not divide by ${normGroups} groups`,
      )
    }
  })
  if (config.sizePx % config.patchPx !== 0)
    problems.push(`sizePx ${config.sizePx} does not divide by patchPx ${config.patchPx}`)
  if (2 ** (multipliers.length - 1) !== config.patchPx) {
    problems.push(
      `${multipliers.length} multipliers enlarge ${2 ** (multipliers.length - 1)} times, but a patch is ${config.patchPx} pixels wide`,
    )
  }
  return problems
}
