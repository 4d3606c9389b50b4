// New rows for an embedding or a head: normal numbers with the mean and variance that each dimension has over the old rows
// (SAMTok, arXiv 2601.16093, section 3: "mean and variance of the original embeddings").
import {
  type ByteSource,
  bfloat16FromFloats,
  float16FromFloats,
  float32FromBfloat16,
  float32FromFloat16,
} from '@maskwords/checkpoint'
import { LearnError } from '../error.ts'
import type { RowTensor, RowType } from './weights.ts'

/** Bytes that are read at a time: a few rows, whatever the size of the tensor. */
const CHUNK_BYTES = 4 * 1024 * 1024

export type RowStatistics = {
  /** By column, in float64. */
  readonly mean: Float64Array
  /** Standard deviation of the population (divided by the number of rows), by column. */
  readonly deviation: Float64Array
}

export const bytesOfType = (dtype: RowType): number => (dtype === 'float32' ? 4 : 2)

/**
 * Mean and deviation by column of rows 0..rowCount-1, in float64 about the first row. Throws LearnError `malformed` where a value is
 * not finite: new rows would be as well.
 */
export async function rowStatistics(
  source: ByteSource,
  tensor: RowTensor,
  options: { rowCount: number; signal?: AbortSignal; onBytes?: (bytes: number) => void },
): Promise<RowStatistics> {
  const { rowCount, signal, onBytes } = options
  const { columns, dtype, info } = tensor
  const rowBytes = columns * bytesOfType(dtype)
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes))
  const shift = new Float64Array(columns)
  const sum = new Float64Array(columns)
  const squares = new Float64Array(columns)
  for (let row = 0; row < rowCount; row += perChunk) {
    signal?.throwIfAborted()
    const count = Math.min(perChunk, rowCount - row)
    const bytes = await source.read(info.byteOffset + row * rowBytes, count * rowBytes)
    const values = floatsOf(dtype, bytes)
    if (row === 0) for (let c = 0; c < columns; c++) shift[c] = values[c]!
    for (let r = 0, i = 0; r < count; r++) {
      for (let c = 0; c < columns; c++, i++) {
        const from = values[i]! - shift[c]!
        sum[c]! += from
        squares[c]! += from * from
      }
    }
    for (let c = 0; c < columns; c++) {
      if (!Number.isFinite(squares[c])) throw notFinite(tensor, values, row)
    }
    onBytes?.(bytes.byteLength)
  }
  const mean = new Float64Array(columns)
  const deviation = new Float64Array(columns)
  for (let c = 0; c < columns; c++) {
    const away = sum[c]! / rowCount
    mean[c] = shift[c]! + away
    deviation[c] = Math.sqrt(Math.max(0, squares[c]! / rowCount - away * away))
  }
  return { mean, deviation }
}

function notFinite(tensor: RowTensor, values: Float32Array, firstRow: number): LearnError {
  const i = Math.max(
    0,
    values.findIndex((value) => !Number.isFinite(value)),
  )
  const row = firstRow + Math.floor(i / tensor.columns)
  return new LearnError('malformed', `row ${row} of ${tensor.name} holds ${values[i]}`, {
    file: tensor.info.file,
    at: tensor.name,
    hint: 'a damaged or diverged checkpoint: new rows cannot be drawn from it',
  })
}

/** The bytes of a row, rounded once to nearest even: mean + spread x deviation x normal. */
export function drawnRow(
  statistics: RowStatistics,
  dtype: RowType,
  options: { seed: number; stream: number; word: number; spread: number },
): Uint8Array {
  const { mean, deviation } = statistics
  const normal = normalSource(options.seed, options.stream, options.word)
  const values = new Float64Array(mean.length)
  for (let c = 0; c < values.length; c++) {
    values[c] = mean[c]! + options.spread * deviation[c]! * normal()
  }
  return bytesOfRow(dtype, values)
}

/** The bytes of a row that is the mean of the old ones: what padding rows hold. */
export function meanRow(statistics: RowStatistics, dtype: RowType): Uint8Array {
  return bytesOfRow(dtype, statistics.mean)
}

function bytesOfRow(dtype: RowType, values: Float64Array): Uint8Array {
  const stored =
    dtype === 'float32'
      ? Float32Array.from(values)
      : dtype === 'float16'
        ? float16FromFloats(values)
        : bfloat16FromFloats(values)
  return new Uint8Array(stored.buffer)
}

function floatsOf(dtype: RowType, bytes: Uint8Array): Float32Array {
  if (dtype === 'float32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  const bits = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
  return dtype === 'float16' ? float32FromFloat16(bits) : float32FromBfloat16(bits)
}

/**
 * Standard normal numbers (Box and Muller) from xoshiro128** (Blackman and Vigna, 2018), seeded by seed, stream and word alone:
 * the row of a word depends on neither the other words nor the order of writing.
 */
function normalSource(seed: number, stream: number, word: number): () => number {
  let state = 0x9e3779b9
  const mix = (value: number): number => {
    state = (state ^ value) | 0
    state = (state + 0x9e3779b9) | 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  for (const value of [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, stream, word]) state = mix(value)
  const s = Uint32Array.of(mix(0), mix(0), mix(0), mix(1))
  const next = (): number => {
    const scrambled = Math.imul(s[1]!, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const t = s[1]! << 9
    s[2]! ^= s[0]!
    s[3]! ^= s[1]!
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= t
    s[3] = (s[3]! << 11) | (s[3]! >>> 21)
    return result
  }
  let spare: number | undefined
  return () => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    const radius = Math.sqrt(-2 * Math.log((next() + 0.5) / 2 ** 32))
    const angle = (2 * Math.PI * next()) / 2 ** 32
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}
