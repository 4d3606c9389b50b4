// HiMTok's codebook: rows E x P^T ("one linear layer"), looked up by direction (HiMTok, ICCV 2025, and its release).

/** A codebook in double precision: rows as they are, and scaled to length 1. Row-major [size, length]. */
export type Codebook = {
  readonly size: number
  readonly length: number
  readonly raw: Float64Array
  readonly unit: Float64Array
}

/** Lengths below this count as zero (torch's normalize). */
const MIN_NORM = 1e-12

/** embedding [size, length] times the transpose of projection [length, length]. */
export function makeCodebook(embedding: Float32Array, projection: Float32Array, length: number): Codebook {
  const size = embedding.length / length
  const raw = new Float64Array(size * length)
  const unit = new Float64Array(size * length)
  for (let row = 0; row < size; row++) {
    let squares = 0
    for (let to = 0; to < length; to++) {
      let dot = 0
      for (let from = 0; from < length; from++)
        dot += embedding[row * length + from]! * projection[to * length + from]!
      raw[row * length + to] = dot
      squares += dot * dot
    }
    const norm = Math.max(Math.sqrt(squares), MIN_NORM)
    for (let to = 0; to < length; to++) unit[row * length + to] = raw[row * length + to]! / norm
  }
  return { size, length, raw, unit }
}

/**
 * The index of the row nearest in direction to each vector of `latents` [count, length]; the lowest on ties. In double
 * precision, so that every machine gives the same codes for the same latents.
 */
export function nearestCodes(codebook: Codebook, latents: Float32Array): Int32Array {
  const { size, length, unit } = codebook
  const codes = new Int32Array(latents.length / length)
  const vector = new Float64Array(length)
  for (let item = 0; item < codes.length; item++) {
    for (let i = 0; i < length; i++) vector[i] = latents[item * length + i]!
    let best = Number.NEGATIVE_INFINITY
    // Dividing by the latent's own length would not change which row wins.
    for (let row = 0, at = 0; row < size; row++) {
      let dot = 0
      for (let i = 0; i < length; i++) dot += vector[i]! * unit[at++]!
      if (dot > best) {
        best = dot
        codes[item] = row
      }
    }
  }
  return codes
}
