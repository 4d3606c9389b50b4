// Where the codes of a HiMTok that was trained without them start: spherical k-means over what its encoder says of masks
// (Dhillon and Modha 2001), started with k-means++ (Arthur and Vassilvitskii 2007).

import type { CodecWeights, HimtokConfig } from '@maskwords/codecs'
import { CodecError, createHiMTok, type Random, randomFrom } from '@maskwords/codecs'

const ROUNDS = 12

/**
 * Centres [size, length] of unit length for the directions of `vectors` [count, length]. The same vectors and random numbers
 * give the same centres. Throws CodecError `missing-input` for fewer vectors than centres.
 */
export function sphericalKMeans(
  vectors: Float32Array,
  options: { readonly size: number; readonly length: number; readonly random: Random },
): Float32Array {
  const { size, length } = options
  const count = vectors.length / length
  if (count < size) {
    throw new CodecError('missing-input', `${count} vectors cannot be the start of ${size} codes`, {
      hint: 'give it more masks',
    })
  }
  const points = unitRows(vectors, length)
  const centres = spreadCentres(points, options)
  const owner = new Int32Array(count)
  const nearness = new Float64Array(count)
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < count; i++) {
      let best = Number.NEGATIVE_INFINITY
      for (let c = 0; c < size; c++) {
        let dot = 0
        for (let d = 0; d < length; d++) dot += points[i * length + d]! * centres[c * length + d]!
        if (dot > best) {
          best = dot
          owner[i] = c
        }
      }
      nearness[i] = best
    }
    const sums = new Float64Array(size * length)
    const sizes = new Int32Array(size)
    for (let i = 0; i < count; i++) {
      sizes[owner[i]!]!++
      for (let d = 0; d < length; d++) sums[owner[i]! * length + d]! += points[i * length + d]!
    }
    // A centre that lost all its vectors goes to the one that is served worst, and each only once.
    for (let c = 0; c < size; c++) {
      if (sizes[c]! > 0) continue
      let worst = 0
      for (let i = 1; i < count; i++) if (nearness[i]! < nearness[worst]!) worst = i
      nearness[worst] = Number.POSITIVE_INFINITY
      for (let d = 0; d < length; d++) sums[c * length + d] = points[worst * length + d]!
    }
    centres.set(unitRows(sums, length))
  }
  return Float32Array.from(centres)
}

/** Rows scaled to length 1; a row of zeros stays. */
function unitRows(rows: Float32Array | Float64Array, length: number): Float64Array {
  const out = Float64Array.from(rows)
  for (let from = 0; from < out.length; from += length) {
    let squares = 0
    for (let d = 0; d < length; d++) squares += out[from + d]! ** 2
    const norm = Math.sqrt(squares)
    if (norm > 0) for (let d = 0; d < length; d++) out[from + d]! /= norm
  }
  return out
}

/** Rows drawn one after the other, each as likely as it is far from those drawn before. */
function spreadCentres(
  points: Float64Array,
  { size, length, random }: { size: number; length: number; random: Random },
): Float64Array {
  const count = points.length / length
  const centres = new Float64Array(size * length)
  const far = new Float64Array(count).fill(Number.POSITIVE_INFINITY)
  let at = Math.floor(random() * count)
  for (let c = 0; c < size; c++) {
    centres.set(points.subarray(at * length, (at + 1) * length), c * length)
    let total = 0
    for (let i = 0; i < count; i++) {
      let squares = 0
      for (let d = 0; d < length; d++) squares += (points[i * length + d]! - centres[c * length + d]!) ** 2
      if (squares < far[i]!) far[i] = squares
      total += far[i]!
    }
    let rest = random() * total
    at = 0
    while (at < count - 1 && (rest -= far[at]!) >= 0) at++
  }
  return centres
}

/**
 * The weights `quantize.*` that fit what the encoder of `weights` says of `squares` [masks, sizePx, sizePx], values 0 to 1: as
 * many codes as the configuration has, and a projection that changes nothing.
 */
export async function codebookFromMasks(options: {
  readonly config: HimtokConfig
  readonly weights: CodecWeights
  readonly squares: readonly Float32Array[]
  readonly seed: number
  readonly threads?: number
  readonly signal?: AbortSignal
}): Promise<Map<string, Float32Array>> {
  const { config, squares, seed, threads, signal } = options
  const { codebookSize, codeSize } = config
  const codec = await createHiMTok({
    config,
    weights: options.weights,
    ...(threads === undefined ? {} : { session: { threads } }),
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    const parts: Float32Array[] = []
    for (const some of squares) parts.push(await codec.latents(some, signal === undefined ? {} : { signal }))
    const vectors = new Float32Array(parts.reduce((total, part) => total + part.length, 0))
    let at = 0
    for (const part of parts) {
      vectors.set(part, at)
      at += part.length
    }
    const random = randomFrom(seed)
    return new Map([
      [
        'quantize.embedding.weight',
        sphericalKMeans(vectors, { size: codebookSize, length: codeSize, random }),
      ],
      [
        'quantize.embedding_proj.weight',
        Float32Array.from({ length: codeSize ** 2 }, (_, i) => (i % (codeSize + 1) === 0 ? 1 : 0)),
      ],
    ])
  } finally {
    await codec.close()
  }
}
