// First weights of a TiTok whose tokens have places (ours). Drawn blindly, its transformers take hundreds of steps to find
// out which token looks where. Here half of each row is content and half says where it stands, as random Fourier features
// (Tancik et al. 2020, arXiv 2006.10739); queries and keys read the places alone, so that attention starts local, and
// values read the contents. Token k starts out in charge of a spot whose size is what k + 1 spots need to cover the square.
import type { Random } from '../getok/random.ts'
import { randomFrom } from '../getok/random.ts'
import { normals, seedOf } from './draws.ts'

/** Deviation of the waves' frequencies, in cycles over half the square: features of points 0.23 apart are near strangers. */
const WAVE_DEVIATION = 0.7
/** What queries and keys multiply places with: the score of a place with itself is then about 8. */
const PLACE_GAIN = 1.7
/** What else queries and keys see, against how they would be drawn without places. */
const OTHER_GAIN = 0.1
/** How far beside its row's own place a head looks, in half sides: four directions, in even and in odd layers. */
const GLANCES = [
  { distance: 0.18, firstAngle: Math.PI / 4 },
  { distance: 0.3, firstAngle: 0 },
] as const
const DIRECTIONS = 4
const TOKEN_DEVIATION = 0.3
const CONTENT_DEVIATION = 0.1
const MLP_END_SCALE = 0.5
/** Steps of the two-dimensional golden sequence (Roberts 2018): any first k points cover the square evenly. */
const GOLDEN = 1.324717957244746

const ROWS = /^(encoder|decoder)\.(latent_token_)?positional_embedding$/
const TOKENS = /^(?:(?:en|de)coder\.class_embedding|latent_tokens|decoder\.mask_token)$/
const INWARD = /^(?:encoder\.patch_embed|decoder\.decoder_embed)\.weight$/
const PACKED = /^(encoder|decoder)\.transformer\.(\d+)\.attn\.in_proj_weight$/
const OUTWARD = /\.transformer\.\d+\.(attn\.out_proj|mlp\.c_proj)\.weight$/

/** How many of a row's numbers say where it stands: the last ones. */
const placeSize = (width: number): number => 2 * Math.floor(width / 4)

/** The first numbers of a TiTok weight; undefined for weights of which none is special. */
export function placedWeight(
  key: string,
  shape: readonly number[],
  { random, seed }: { readonly random: Random; readonly seed: number },
): Float32Array | undefined {
  const rows = ROWS.exec(key)
  if (rows !== null) {
    const [count, width] = shape as [number, number]
    const waves = wavesOf(rows[1]!, width, seed)
    return placedRows(rows[2] === undefined ? gridSpots(count) : goldenSpots(count), { width, waves, random })
  }
  const count = shape.reduce((a, b) => a * b, 1)
  if (TOKENS.test(key)) {
    const width = shape.at(-1)!
    return normals(random, count, TOKEN_DEVIATION).map((x, i) => (i % width < contentOf(width) ? x : 0))
  }
  const from = count / shape[0]!
  if (INWARD.test(key)) {
    // Code vectors have length 1, whatever their size: rows of them should be as large as places.
    const deviation = key.startsWith('decoder') ? 1 : 1 / Math.sqrt(from)
    return contentRowsOnly(normals(random, count, deviation), shape[0]!)
  }
  const packed = PACKED.exec(key)
  if (packed !== null)
    return packedAttention(from, { waves: wavesOf(packed[1]!, from, seed), layer: Number(packed[2]), random })
  const outward = OUTWARD.exec(key)
  if (outward === null) return undefined
  const scale = outward[1] === 'mlp.c_proj' ? MLP_END_SCALE : 1
  return contentRowsOnly(normals(random, count, scale / Math.sqrt(from)), shape[0]!)
}

/** Frequencies (across, down) of a transformer's features. */
const wavesOf = (side: string, width: number, seed: number): Float32Array =>
  normals(randomFrom(seedOf(`${side}.waves`, seed)), placeSize(width), WAVE_DEVIATION)

const contentOf = (width: number): number => width - placeSize(width)

/** A matrix that writes contents and leaves places alone. */
function contentRowsOnly(matrix: Float32Array, width: number): Float32Array {
  return matrix.fill(0, contentOf(width) * (matrix.length / width))
}

/** Centre and deviation of what a row stands for, in half sides from the middle; undefined for rows that stand nowhere. */
type Spot = { readonly x: number; readonly y: number; readonly deviation: number } | undefined

/** A class row, then the patches of a square grid. */
function gridSpots(rows: number): Spot[] {
  const side = Math.round(Math.sqrt(rows - 1))
  return Array.from({ length: rows }, (_, row) =>
    row === 0
      ? undefined
      : {
          x: (2 * (((row - 1) % side) + 0.5)) / side - 1,
          y: (2 * (Math.floor((row - 1) / side) + 0.5)) / side - 1,
          deviation: 0,
        },
  )
}

function goldenSpots(rows: number): Spot[] {
  return Array.from({ length: rows }, (_, k) => ({
    x: 2 * ((0.5 + k / GOLDEN) % 1) - 1,
    y: 2 * ((0.5 + k / GOLDEN ** 2) % 1) - 1,
    deviation: 0.5 / Math.sqrt(k + 1),
  }))
}

/** Rows [spots, width]; a wide spot's features are their mean over it, brought back to the length of a point's. */
function placedRows(
  spots: readonly Spot[],
  { width, waves, random }: { width: number; waves: Float32Array; random: Random },
): Float32Array {
  const out = normals(random, spots.length * width, CONTENT_DEVIATION)
  const content = contentOf(width)
  spots.forEach((spot, row) => {
    const place = out.subarray(row * width + content, (row + 1) * width).fill(0)
    if (spot === undefined) return
    let squares = 0
    for (let i = 0; i < place.length; i += 2) {
      const [u, v] = [2 * Math.PI * waves[i]!, 2 * Math.PI * waves[i + 1]!]
      const faded = Math.exp(-0.5 * spot.deviation ** 2 * (u * u + v * v))
      place[i] = faded * Math.sin(u * spot.x + v * spot.y)
      place[i + 1] = faded * Math.cos(u * spot.x + v * spot.y)
      squares += faded * faded
    }
    const scale = Math.sqrt(place.length / 2 / squares)
    for (let i = 0; i < place.length; i++) place[i]! *= scale
  })
  return out
}

/**
 * Queries, keys and values of one layer, [3 width, width]. A quarter of the heads each looks a step to one side: shifting a
 * place turns each pair of its features by an angle, which is linear.
 */
function packedAttention(
  width: number,
  { waves, layer, random }: { waves: Float32Array; layer: number; random: Random },
): Float32Array {
  const out = normals(random, 3 * width * width, 1 / Math.sqrt(width))
  const content = contentOf(width)
  const values = 2 * width * width
  for (let i = 0; i < values; i++) out[i]! *= OTHER_GAIN
  const { distance, firstAngle } = GLANCES[layer % GLANCES.length]!
  for (let row = 0; row < width; row++) {
    const direction = firstAngle + (2 * Math.PI * Math.floor((row * DIRECTIONS) / width)) / DIRECTIONS
    const feature = row % (width - content)
    const pair = feature - (feature % 2)
    const turn =
      2 * Math.PI * distance * (waves[pair]! * Math.cos(direction) + waves[pair + 1]! * Math.sin(direction))
    const query = row * width + content + pair
    out[query + (feature % 2)]! += PLACE_GAIN * Math.cos(turn)
    out[query + 1 - (feature % 2)]! += PLACE_GAIN * (feature % 2 === 0 ? 1 : -1) * Math.sin(turn)
    out[(width + row) * width + content + feature]! += PLACE_GAIN
    for (let column = 0; column < width; column++) {
      const at = values + row * width + column
      out[at] = column < content ? out[at]! * Math.SQRT2 : 0
    }
  }
  return out
}
