// Rounding of weights: int8 with a scale a channel (ONNX QuantizeLinear), and 8 or 4 bits in blocks as ONNX Runtime's
// MatMulNBits holds them (contrib operators: com.microsoft.MatMulNBits). Plain arrays in and out.

export type Int8Channels = {
  readonly data: Int8Array
  /** One a channel: value = data · scale. */
  readonly scales: Float32Array
}

/** Rounds each channel to whole multiples of its largest absolute value / 127; `axis` is the channels' axis. */
export function toInt8Channels(values: Float32Array, shape: readonly number[], axis: number): Int8Channels {
  const channels = shape[axis]!
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const scales = new Float32Array(channels)
  const channelOf = (i: number) => Math.floor(i / inner) % channels
  for (let i = 0; i < values.length; i++) {
    const channel = channelOf(i)
    scales[channel] = Math.max(scales[channel]!, Math.abs(values[i]!))
  }
  for (let channel = 0; channel < channels; channel++) scales[channel] = scales[channel]! / 127 || 1
  const data = new Int8Array(values.length)
  for (let i = 0; i < values.length; i++) {
    data[i] = Math.max(-127, Math.min(127, Math.round(values[i]! / scales[channelOf(i)]!)))
  }
  return { data, scales }
}

/** The values that int8 channels stand for. */
export function fromInt8Channels(stored: Int8Channels, shape: readonly number[], axis: number): Float32Array {
  const channels = shape[axis]!
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  return Float32Array.from(
    stored.data,
    (value, i) => value * stored.scales[Math.floor(i / inner) % channels]!,
  )
}

export type Blocks = {
  readonly bits: 4 | 8
  /** [rows, blocks, blockSize · bits / 8]; of two values in a byte the earlier one is the low half. The middle stands for zero. */
  readonly data: Uint8Array
  /** [rows · blocks]: value = (stored - 8) · scale for 4 bits, (stored - 128) · scale for 8. */
  readonly scales: Float32Array
  readonly blocks: number
  readonly blockSize: number
}

/** Factors on the scale that puts a block's largest value on an end of 4 bits; a little less often errs less in sum. */
const SCALE_TRIES = { 4: [1, 0.95, 0.9, 0.85, 0.8], 8: [1] } as const

/** Rounds a matrix [rows, columns] in blocks of `blockSize` along its rows; the last block is filled up with zeros. */
export function toBlocks(
  values: Float32Array,
  options: { rows: number; columns: number; blockSize: number; bits: 4 | 8 },
): Blocks {
  const { rows, columns, blockSize, bits } = options
  const middle = 2 ** (bits - 1)
  const blocks = Math.ceil(columns / blockSize)
  const data = new Uint8Array((rows * blocks * blockSize * bits) / 8)
  const scales = new Float32Array(rows * blocks)
  const block = new Float32Array(blockSize)
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < blocks; b++) {
      const start = row * columns + b * blockSize
      const length = Math.min(blockSize, columns - b * blockSize)
      block.fill(0)
      block.set(values.subarray(start, start + length))
      const at = row * blocks + b
      const scale = bestScale(block, middle, SCALE_TRIES[bits])
      scales[at] = scale
      for (let i = 0; i < blockSize; i++) {
        const place = at * blockSize + i
        const stored = nearest(block[i]!, scale, middle)
        if (bits === 8) data[place] = stored
        else data[place >> 1]! |= stored << (4 * (place % 2))
      }
    }
  }
  return { bits, data, scales, blocks, blockSize }
}

const nearest = (value: number, scale: number, middle: number): number =>
  scale === 0 ? middle : Math.max(0, Math.min(2 * middle - 1, Math.round(value / scale) + middle))

/** Of the scales that put the value of largest size on the low end, and a little beyond, the one with the least squared error. */
function bestScale(block: Float32Array, middle: number, tries: readonly number[]): number {
  let extreme = 0
  for (const value of block) if (Math.abs(value) > Math.abs(extreme)) extreme = value
  if (extreme === 0) return 0
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (const factor of tries) {
    const scale = Math.fround((extreme / -middle) * factor)
    let error = 0
    for (const value of block) error += ((nearest(value, scale, middle) - middle) * scale - value) ** 2
    if (error < least) {
      least = error
      best = scale
    }
  }
  return best
}

/** The values that blocks stand for, [rows, columns]. */
export function fromBlocks(stored: Blocks, rows: number, columns: number): Float32Array {
  const { bits, data, scales, blocks, blockSize } = stored
  const middle = 2 ** (bits - 1)
  const values = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * blocks * blockSize + column
      const whole = bits === 8 ? data[at]! : (data[at >> 1]! >> (4 * (at % 2))) & 15
      values[row * columns + column] =
        (whole - middle) * scales[row * blocks + Math.floor(column / blockSize)]!
    }
  }
  return values
}
