// Vector and residual quantisation as graphs (van den Oord et al. 2017, arXiv 1711.00937; Lee et al. 2022, arXiv 2203.01941):
// one level is VQ, several are RQ; levels may share a codebook.
import type { Tensor } from '@maskwords/graph'
import {
  add,
  argMin,
  concat,
  embedding,
  parameter,
  stopGradient,
  straightThrough,
  subtract,
} from '@maskwords/graph'

export type ResidualQuantiserConfig = {
  /** Codes of one level. */
  readonly codes: number
  readonly levels: number
  readonly width: number
  /** One codebook for all levels. */
  readonly shared?: boolean
  /** Rows of the stored table after the last code, never chosen. SAMTok stores 1. */
  readonly paddingRows?: number
}

export type Quantised = {
  /** int64 [vectors, levels]; the lowest index on ties. */
  readonly codes: Tensor
  /** [vectors, width]; gradients pass straight through to the input. */
  readonly vectors: Tensor
  /** The same, moved from the input (share 0) to the codes (share 1, a scalar). */
  readonly mixed: (share: Tensor) => Tensor
  /** Mean over the levels of the mean squared distance from the input to the (fixed) sum of codes so far. */
  readonly commitment: Tensor
  /** What each level was given to code: [vectors, width], as an update of the codebooks by moving averages needs it. */
  readonly residuals: readonly Tensor[]
}

/** The stored table of a level, under the key that SAMTok publishes. */
export function codebookParameter(config: ResidualQuantiserConfig, level: number): Tensor {
  const rows = config.codes + (config.paddingRows ?? 0)
  return parameter(`quantizer.codebooks.${config.shared ? 0 : level}.weight`, [rows, config.width])
}

/** The nearest row of `table` [codes, width] to each of `vectors`: int64 [vectors]. */
function nearestRow(vectors: Tensor, table: Tensor): Tensor {
  const squares = table.mul(table).sum(1)
  return argMin(subtract(squares, vectors.matmul(table.swapAxes(0, 1)).mul(2)), 1)
}

/** Quantises vectors [vectors, width]. The codebooks get no gradient: they follow by moving averages. */
export function residualQuantiser(vectors: Tensor, config: ResidualQuantiserConfig): Quantised {
  const fixed = stopGradient(vectors)
  let residual = fixed
  let total: Tensor | undefined
  const codes: Tensor[] = []
  const residuals: Tensor[] = []
  let commitment: Tensor | undefined
  for (let level = 0; level < config.levels; level++) {
    const stored = stopGradient(codebookParameter(config, level))
    const table = config.paddingRows ? stored.slice({ axis: 0, end: config.codes }) : stored
    const chosen = nearestRow(residual, table)
    const rows = embedding(table, chosen)
    residuals.push(residual)
    codes.push(chosen.unsqueeze(1))
    total = total === undefined ? rows : add(total, rows)
    residual = subtract(residual, rows)
    const gap = subtract(vectors, total).pow(2).mean()
    commitment = commitment === undefined ? gap : add(commitment, gap)
  }
  return {
    codes: concat(codes, 1),
    vectors: straightThrough(vectors, total!),
    mixed: (share) => add(vectors, stopGradient(subtract(total!, vectors).mul(share))),
    commitment: commitment!.div(config.levels),
    residuals,
  }
}
