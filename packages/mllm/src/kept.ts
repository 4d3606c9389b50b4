// Keys and values in memory: a beginning that all rows share, and the rows' own places behind it. Arrays are [kvHeads, rows, tokens,
// headWidth], so that the network reads them as they lie.
import type { QwenTextConfig } from '@maskwords/models'
import type { Kept, Own } from './engine.ts'

/** Added to the score of a place that holds no token. */
export const NOTHING = -1e4

/** Places are made this many at a time, so that most tokens move nothing. */
const STEP = 64

type Sizes = Pick<QwenTextConfig, 'kvHeads' | 'headWidth'>

/** `kept` with more tokens behind it; either may hold none. */
export function joinKept(first: Kept | undefined, more: Kept, { kvHeads, headWidth }: Sizes): Kept {
  if (first === undefined || first.tokens === 0) return more
  const tokens = first.tokens + more.tokens
  const join = (a: Float32Array, b: Float32Array): Float32Array => {
    const out = new Float32Array(kvHeads * tokens * headWidth)
    const [la, lb] = [first.tokens * headWidth, more.tokens * headWidth]
    for (let head = 0; head < kvHeads; head++) {
      const at = head * (la + lb)
      out.set(a.subarray(head * la, (head + 1) * la), at)
      out.set(b.subarray(head * lb, (head + 1) * lb), at + la)
    }
    return out
  }
  return {
    tokens,
    keys: first.keys.map((array, i) => join(array, more.keys[i]!)),
    values: first.values.map((array, i) => join(array, more.values[i]!)),
  }
}

/** The first `tokens` of `kept`. */
export function cutKept(kept: Kept, tokens: number, { kvHeads, headWidth }: Sizes): Kept {
  if (tokens === kept.tokens) return kept
  const cut = (array: Float32Array): Float32Array => {
    const out = new Float32Array(kvHeads * tokens * headWidth)
    for (let head = 0; head < kvHeads; head++) {
      const from = head * kept.tokens * headWidth
      out.set(array.subarray(from, from + tokens * headWidth), head * tokens * headWidth)
    }
    return out
  }
  return { tokens, keys: kept.keys.map(cut), values: kept.values.map(cut) }
}

/** Some rows of `kept`, in this order. */
export function rowsOfKept(kept: Kept, rows: readonly number[], { kvHeads, headWidth }: Sizes): Kept {
  const { tokens, rows: before = 1 } = kept
  const size = tokens * headWidth
  const pick = (array: Float32Array): Float32Array => {
    const out = new Float32Array(kvHeads * rows.length * size)
    for (let head = 0; head < kvHeads; head++) {
      rows.forEach((row, i) => {
        const from = (head * before + row) * size
        out.set(array.subarray(from, from + size), (head * rows.length + i) * size)
      })
    }
    return out
  }
  return { tokens, rows: rows.length, keys: kept.keys.map(pick), values: kept.values.map(pick) }
}

export const bytesOfKept = ({ keys, values }: Kept): number =>
  [...keys, ...values].reduce((sum, array) => sum + array.byteLength, 0)

/** The rows' own places. `lengths[row]` of them hold tokens; the others are hidden. */
export class OwnPlaces implements Own {
  capacity = 0
  keys: Float32Array[]
  values: Float32Array[]
  bias = new Float32Array(0)
  lengths: number[]
  private readonly sizes: Sizes

  constructor(rows: number, layers: number, sizes: Sizes) {
    this.sizes = sizes
    this.lengths = new Array<number>(rows).fill(0)
    this.keys = Array.from({ length: layers }, () => new Float32Array(0))
    this.values = Array.from({ length: layers }, () => new Float32Array(0))
  }

  get rows(): number {
    return this.lengths.length
  }

  /** Takes the first `counts[row]` of the tokens that a run gave for each row. */
  append(made: Kept, counts: readonly number[]): void {
    const wanted = Math.max(...this.lengths.map((length, row) => length + counts[row]!))
    if (wanted > this.capacity) {
      const rows = Array.from({ length: this.rows }, (_, row) => row)
      this.rearrange(rows, Math.ceil((wanted * 1.25) / STEP) * STEP)
    }
    const { kvHeads, headWidth } = this.sizes
    const put = (into: Float32Array, from: Float32Array) => {
      for (let head = 0; head < kvHeads; head++) {
        for (let row = 0; row < this.rows; row++) {
          const source = (head * this.rows + row) * made.tokens * headWidth
          const target = ((head * this.rows + row) * this.capacity + this.lengths[row]!) * headWidth
          into.set(from.subarray(source, source + counts[row]! * headWidth), target)
        }
      }
    }
    for (const [i, array] of this.keys.entries()) put(array, made.keys[i]!)
    for (const [i, array] of this.values.entries()) put(array, made.values[i]!)
    counts.forEach((count, row) => {
      const at = row * this.capacity + this.lengths[row]!
      this.bias.fill(0, at, at + count)
      this.lengths[row]! += count
    })
  }

  /** Keeps these rows only, in this order; a row may be repeated. */
  keepRows(rows: readonly number[]): void {
    this.rearrange(rows, this.capacity)
  }

  /** The first `tokens` places of one row, once for each of `copies`. */
  copiesOf(row: number, tokens: number, copies: number): Own {
    const { kvHeads, headWidth } = this.sizes
    const copy = (array: Float32Array): Float32Array => {
      const out = new Float32Array(kvHeads * copies * tokens * headWidth)
      for (let head = 0; head < kvHeads; head++) {
        const from = (head * this.rows + row) * this.capacity * headWidth
        const part = array.subarray(from, from + tokens * headWidth)
        for (let i = 0; i < copies; i++) out.set(part, (head * copies + i) * tokens * headWidth)
      }
      return out
    }
    return {
      capacity: tokens,
      keys: this.keys.map(copy),
      values: this.values.map(copy),
      bias: new Float32Array(copies * tokens),
    }
  }

  /** The tokens of one row. */
  rowOf(row: number): Kept {
    const tokens = this.lengths[row]!
    const { keys, values } = this.copiesOf(row, tokens, 1)
    return { tokens, keys, values }
  }

  private rearrange(rows: readonly number[], capacity: number): void {
    const { kvHeads, headWidth } = this.sizes
    const lengths = rows.map((row) => this.lengths[row]!)
    const move = (array: Float32Array): Float32Array => {
      const out = new Float32Array(kvHeads * rows.length * capacity * headWidth)
      for (let head = 0; head < kvHeads; head++) {
        rows.forEach((row, i) => {
          const from = (head * this.rows + row) * this.capacity * headWidth
          out.set(
            array.subarray(from, from + lengths[i]! * headWidth),
            (head * rows.length + i) * capacity * headWidth,
          )
        })
      }
      return out
    }
    this.keys = this.keys.map(move)
    this.values = this.values.map(move)
    this.capacity = capacity
    this.lengths = lengths
    this.bias = new Float32Array(rows.length * capacity).fill(NOTHING)
    lengths.forEach((length, row) => {
      this.bias.fill(0, row * capacity, row * capacity + length)
    })
  }
}
