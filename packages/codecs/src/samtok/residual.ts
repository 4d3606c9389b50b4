// Residual quantisation (Lee et al. 2022, arXiv 2203.01941): each level codes what the levels before left over.

/** Codebooks in level order, each row-major [codes, width]; levels may share one. */
export type ResidualCodebooks = {
  readonly width: number
  readonly codes: number
  readonly levels: readonly Float32Array[]
}

/**
 * Codes [vectors, levels] of vectors [vectors, width]: at each level the row nearest to the residual, the lowest index on
 * ties. Distances are in double precision; the residual is rounded to float32 at each level, as it is when trained.
 */
export function residualCodes(books: ResidualCodebooks, vectors: Float32Array): Int32Array {
  const { width, codes, levels } = books
  const count = vectors.length / width
  const out = new Int32Array(count * levels.length)
  const residual = vectors.slice()
  levels.forEach((book, level) => {
    const squares = rowSquares(book, codes, width)
    for (let item = 0; item < count; item++) {
      const from = item * width
      let best = Number.POSITIVE_INFINITY
      let chosen = 0
      for (let row = 0; row < codes; row++) {
        let dot = 0
        for (let i = 0; i < width; i++) dot += residual[from + i]! * book[row * width + i]!
        const distance = squares[row]! - 2 * dot
        if (distance < best) {
          best = distance
          chosen = row
        }
      }
      out[item * levels.length + level] = chosen
      for (let i = 0; i < width; i++) residual[from + i] = residual[from + i]! - book[chosen * width + i]!
    }
  })
  return out
}

function rowSquares(book: Float32Array, codes: number, width: number): Float64Array {
  const squares = new Float64Array(codes)
  for (let row = 0; row < codes; row++) {
    for (let i = 0; i < width; i++) squares[row]! += book[row * width + i]! ** 2
  }
  return squares
}

/** The sum of the code vectors of each row of codes [vectors, levels]; a code of -1 adds nothing. [vectors, width]. */
export function residualVectors(books: ResidualCodebooks, codes: ArrayLike<number>): Float32Array {
  const { width, levels } = books
  const count = codes.length / levels.length
  const out = new Float32Array(count * width)
  for (let item = 0; item < count; item++) {
    levels.forEach((book, level) => {
      const code = codes[item * levels.length + level]!
      if (code < 0) return
      for (let i = 0; i < width; i++) out[item * width + i] = out[item * width + i]! + book[code * width + i]!
    })
  }
  return out
}
