// Codebooks that follow their vectors by moving averages, inside the training step (van den Oord et al. 2017, appendix A.1),
// with codes that died brought back at a vector of the batch (as in Jukebox, Dhariwal et al. 2020).
import {
  add,
  cast,
  concat,
  divide,
  equal,
  floor,
  gather,
  less,
  multiply,
  oneHot,
  parameter,
  type RandomSource,
  type Tensor,
  where,
} from '@maskwords/graph'
import { codebookParameter, type Quantised, type ResidualQuantiserConfig } from '@maskwords/models'
import { perplexity } from '../sets/measures.ts'

export type MovingCodebooks = {
  /** What becomes of each table in a step, as `buildTrainStep` takes it. */
  readonly followed: readonly { readonly parameter: Tensor; readonly next: Tensor }[]
  /** How many codes restarted in this step. */
  readonly restarted: Tensor
}

export type MovingCodebookOptions = {
  /** Share of the old average. */
  readonly decay: number
  /** A code restarts where it is chosen less often than this share of what it would be if all were chosen alike. */
  readonly restartBelow: number
  readonly random: RandomSource
  /** 1 where codes move in this step, 0 where they stay as they are. Default 1. */
  readonly moves?: Tensor
}

/** Keeps a code without vectors away from a division by zero. */
const LEAST_SIZE = 1e-6

/** Keys of a codebook's averages beside its published table: how many vectors chose a code, and their sum. */
const averageKeys = (level: number) =>
  ({ sizes: `quantizer.averages.${level}.sizes`, sums: `quantizer.averages.${level}.sums` }) as const

/**
 * One step of every codebook (not shared by levels) with the batch that `quantised` has coded. Sizes start at 0, so that the
 * first step puts every code at a vector of its batch.
 */
export function movingCodebooks(
  quantised: Quantised,
  config: ResidualQuantiserConfig,
  options: MovingCodebookOptions,
): MovingCodebooks {
  const { codes, width, levels, paddingRows = 0 } = config
  const { decay, restartBelow, random, moves } = options
  const followed: { parameter: Tensor; next: Tensor }[] = []
  let restarted: Tensor | undefined
  for (let level = 0; level < levels; level++) {
    const table = codebookParameter(config, level)
    const keys = averageKeys(level)
    const oldSizes = parameter(keys.sizes, [codes])
    const oldSums = parameter(keys.sums, [codes, width])
    const vectors = quantised.residuals[level]!
    const count = vectors.shape[0] as number
    const chosen = oneHot(quantised.codes.slice({ axis: 1, start: level, end: level + 1 }).squeeze(1), codes)
    let sizes = add(oldSizes.mul(decay), chosen.sum(0).mul(1 - decay))
    let sums = add(
      oldSums.mul(decay),
      chosen
        .swapAxes(0, 1)
        .matmul(vectors)
        .mul(1 - decay),
    )
    const even = count / codes
    const dead = less(sizes, restartBelow * even)
    const drawn = cast(floor(multiply(random.uniform([codes]), count)), 'int64')
    sums = where(dead.unsqueeze(1), gather(vectors, drawn).mul(even), sums)
    sizes = where(dead, even, sizes)
    let rows = divide(sums, sizes.add(LEAST_SIZE).unsqueeze(1))
    const stored = table.slice({ axis: 0, end: codes })
    if (moves !== undefined) {
      const held = equal(moves, 0)
      rows = where(held, stored, rows)
      sizes = where(held, oldSizes, sizes)
      sums = where(held, oldSums, sums)
    }
    const padded = paddingRows === 0 ? rows : concat([rows, table.slice({ axis: 0, start: codes })], 0)
    followed.push(
      { parameter: table, next: padded },
      { parameter: oldSizes, next: sizes },
      { parameter: oldSums, next: sums },
    )
    const deaths = cast(dead, 'float32').sum()
    restarted = restarted === undefined ? deaths : add(restarted, deaths)
  }
  return { followed, restarted: restarted! }
}

/** How evenly the codes of a batch [vectors, levels] are chosen: the mean over the levels of their perplexity. */
export function batchPerplexity(codes: Tensor, config: ResidualQuantiserConfig): Tensor {
  let total: Tensor | undefined
  for (let level = 0; level < config.levels; level++) {
    const own = perplexity(codes.slice({ axis: 1, start: level, end: level + 1 }), config.codes)
    total = total === undefined ? own : add(total, own)
  }
  return total!.div(config.levels)
}
