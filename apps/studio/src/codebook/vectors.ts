// Code vectors and how near they lie to each other: SAMTok compares by distance (its residual quantiser), HiMTok by
// direction, so that HiMTok's are scaled to length 1.

/** Vectors of all codes of one place, row-major [codes, width], as codes are compared. */
export type CodeVectors = {
  readonly codes: number
  readonly width: number
  readonly data: Float32Array
  /** Lengths of the vectors as the decoder takes them, before any scaling. */
  readonly norms: Float32Array
}

/** Vectors with their lengths; with `unit` they are scaled to length 1 afterwards, zero vectors staying zero. */
export function codeVectors(data: Float32Array, width: number, unit: boolean): CodeVectors {
  const codes = data.length / width
  const norms = new Float32Array(codes)
  const out = data.slice()
  for (let code = 0; code < codes; code++) {
    let squares = 0
    for (let i = 0; i < width; i++) squares += data[code * width + i]! ** 2
    norms[code] = Math.sqrt(squares)
    if (!unit || squares === 0) continue
    for (let i = 0; i < width; i++) out[code * width + i] = data[code * width + i]! / norms[code]!
  }
  return { codes, width, data: out, norms }
}

/** `embedding` [codes, width] times the transpose of `projection` [width, width]: HiMTok's codebook (one linear layer). */
export function projected(embedding: Float32Array, projection: Float32Array, width: number): Float32Array {
  const out = new Float32Array(embedding.length)
  for (let row = 0; row < embedding.length; row += width) {
    for (let to = 0; to < width; to++) {
      let dot = 0
      for (let from = 0; from < width; from++) dot += embedding[row + from]! * projection[to * width + from]!
      out[row + to] = dot
    }
  }
  return out
}

export type Neighbour = { readonly code: number; readonly distance: number }

/** The `count` nearest other codes of a code, nearest first, ties by number. Euclidean distances. */
export function nearestCodes({ codes, width, data }: CodeVectors, code: number, count: number): Neighbour[] {
  const found: Neighbour[] = []
  for (let other = 0; other < codes; other++) {
    if (other === code) continue
    let squares = 0
    for (let i = 0; i < width; i++) squares += (data[other * width + i]! - data[code * width + i]!) ** 2
    found.push({ code: other, distance: Math.sqrt(squares) })
  }
  return found.sort((a, b) => a.distance - b.distance || a.code - b.code).slice(0, count)
}
