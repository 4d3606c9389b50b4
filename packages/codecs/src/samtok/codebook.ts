// Codebooks that follow their vectors by moving averages, with codes that died brought back (van den Oord et al. 2017,
// appendix A.1; reset as in Jukebox, Dhariwal et al. 2020), and what to know of their use.

/** A codebook in training, row-major [codes, width] where it is not by code. Updated in place. */
export type TrainedCodebook = {
  readonly codes: number
  readonly width: number
  /** The code vectors. */
  readonly vectors: Float32Array
  /** Moving average of how many vectors chose each code. */
  readonly sizes: Float32Array
  /** Moving average of the sum of those vectors. */
  readonly sums: Float32Array
}

export type CodebookUpdate = {
  /** Share of the old average. Default 0.99. */
  readonly decay?: number
  /** Keeps the size of unused codes above zero. Default 1e-5. */
  readonly epsilon?: number
  /**
   * Codes whose average size falls below `below` (default 1) start again at a vector of this batch, drawn by `random`
   * (numbers in [0, 1)). Without it dead codes stay dead.
   */
  readonly restart?: { readonly below?: number; readonly random: () => number }
}

/** The state of a codebook before its first update. `sizes` may be given to go on from; else every code counts 1. */
export function trainedCodebook(vectors: Float32Array, width: number, sizes?: Float32Array): TrainedCodebook {
  const codes = vectors.length / width
  const counted = sizes?.slice() ?? new Float32Array(codes).fill(1)
  const sums = vectors.map((value, i) => value * counted[Math.floor(i / width)]!)
  return { codes, width, vectors: vectors.slice(), sizes: counted, sums }
}

/**
 * One step: averages take in a batch of vectors [batch, width] that chose `chosen` [batch], codes in need of it restart, and
 * the code vectors become the averages' quotients. Returns how many codes restarted. Sums are in double precision.
 */
export function updateCodebook(
  book: TrainedCodebook,
  batch: { readonly vectors: Float32Array; readonly chosen: ArrayLike<number> },
  options: CodebookUpdate = {},
): number {
  const { decay = 0.99, epsilon = 1e-5, restart } = options
  const { codes, width, vectors, sizes, sums } = book
  const counts = new Float64Array(codes)
  const added = new Float64Array(codes * width)
  for (let item = 0; item < batch.chosen.length; item++) {
    const code = batch.chosen[item]!
    counts[code]!++
    for (let i = 0; i < width; i++) added[code * width + i]! += batch.vectors[item * width + i]!
  }
  for (let code = 0; code < codes; code++) sizes[code] = decay * sizes[code]! + (1 - decay) * counts[code]!
  for (let i = 0; i < sums.length; i++) sums[i] = decay * sums[i]! + (1 - decay) * added[i]!
  const restarted = restart === undefined ? 0 : restartDead(book, batch.vectors, restart)
  let total = 0
  for (const size of sizes) total += size
  for (let code = 0; code < codes; code++) {
    const size = (total * (sizes[code]! + epsilon)) / (total + codes * epsilon)
    for (let i = 0; i < width; i++) vectors[code * width + i] = sums[code * width + i]! / size
  }
  return restarted
}

function restartDead(
  book: TrainedCodebook,
  batch: Float32Array,
  { below = 1, random }: NonNullable<CodebookUpdate['restart']>,
): number {
  const { width, sizes, sums } = book
  const available = batch.length / width
  if (available === 0) return 0
  // Drawn without replacement as long as the batch lasts, so that two codes do not start as one.
  const order = Array.from({ length: available }, (_, i) => i)
  let drawn = 0
  let restarted = 0
  for (let code = 0; code < book.codes; code++) {
    if (sizes[code]! >= below) continue
    if (drawn === available) drawn = 0
    const at = drawn + Math.floor(random() * (available - drawn))
    ;[order[drawn], order[at]] = [order[at]!, order[drawn]!]
    const from = order[drawn++]! * width
    sums.set(batch.subarray(from, from + width), code * width)
    sizes[code] = 1
    restarted++
  }
  return restarted
}

export type CodebookUsage = {
  /** How often each code was chosen. */
  readonly counts: Float64Array
  readonly total: number
  /** exp of the entropy of the counts: how many codes would carry as much if all were used alike. */
  readonly perplexity: number
  /** Codes that were never chosen. */
  readonly dead: number
}

/** How a list of chosen codes uses a codebook of `codes`. */
export function codebookUsage(chosen: ArrayLike<number>, codes: number): CodebookUsage {
  const counts = new Float64Array(codes)
  for (let i = 0; i < chosen.length; i++) counts[chosen[i]!]!++
  const total = chosen.length
  let entropy = 0
  let dead = 0
  for (const count of counts) {
    if (count === 0) dead++
    else entropy -= (count / total) * Math.log(count / total)
  }
  return { counts, total, perplexity: total === 0 ? 0 : Math.exp(entropy), dead }
}
