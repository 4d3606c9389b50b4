// Random numbers that a graph computes from a seed: a counter-based hash (in the spirit of Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", 2011) from integer products, so that every runtime draws the same numbers.
import { GraphError } from '../error.ts'
import type { Dim, Shape } from '../size.ts'
import { productOf } from '../size.ts'
import type { Tensor } from '../tensor.ts'
import { constant } from '../tensor.ts'
import { add, cos, divide, less, log, modulo, multiply, sqrt, subtract, where } from './arithmetic.ts'
import { range } from './attention.ts'
import { cast } from './cast.ts'
import { needDType } from './check.ts'
import { reshape } from './shape.ts'

const WORD = 2 ** 32
// Odd, below 2^31 so that products of a word stay below 2^63, with well-mixed bits.
const MULTIPLIERS = [0x2c1b3c6d, 0x297a2d39, 0x45d9f3b5, 0x1b56c4e9] as const

// One round on words held in int64: product modulo 2^32, then the high half is added to the low one.
function round(x: Tensor, multiplier: number): Tensor {
  const product = modulo(multiply(x, multiplier), WORD)
  return modulo(add(product, divide(product, 2 ** 15)), WORD)
}

function mix(x: Tensor, rounds: number): Tensor {
  let word = x
  for (let i = 0; i < rounds; i++) word = round(word, MULTIPLIERS[i % MULTIPLIERS.length]!)
  return word
}

/** A source of random tensors; each draw is independent of the others and depends on the seed alone. */
export type RandomSource = {
  /** In [0, 1), with 24 random bits. */
  uniform(shape: Shape): Tensor
  /** Mean 0, variance 1 (Box-Muller). */
  normal(shape: Shape): Tensor
  /** x with elements zeroed at the given rate and the others scaled to keep the mean. */
  dropout(x: Tensor, rate: number): Tensor
}

/**
 * Draws from `seed`, an int64 scalar (feed the step number to get new numbers at each step). The order of the calls
 * numbers the draws, so the same program draws the same numbers.
 */
export function randomSource(seed: Tensor): RandomSource {
  needDType('randomSource', seed, 'int64', 'int32')
  if (seed.rank !== 0) throw new GraphError('shape', `randomSource: the seed is a scalar, got ${seed}`)
  // Both halves of the seed count; the second key starts elsewhere so that it is not the first one again.
  const base = cast(seed, 'int64')
  const low = modulo(base, WORD)
  const high = modulo(divide(subtract(base, low), WORD), WORD)
  let draws = 0
  const words = (size: Dim): Tensor => {
    draws++
    const start = mix(modulo(add(low, draws * 0x9e3779b1), WORD), 3)
    const keyA = mix(modulo(add(add(start, high), 0x5851f42d), WORD), 3)
    const keyB = mix(modulo(add(keyA, 0x14057b7e), WORD), 3)
    const counted = mix(modulo(add(range(size), keyA), WORD), 2)
    return mix(modulo(add(counted, keyB), WORD), 3)
  }
  const uniform = (shape: Shape): Tensor => {
    const bits = divide(words(productOf(shape)), 2 ** 8)
    return reshape(multiply(cast(bits, 'float32'), 2 ** -24), shape)
  }
  return {
    uniform,
    normal(shape) {
      const radius = sqrt(multiply(log(subtract(1, uniform(shape))), -2))
      return multiply(radius, cos(multiply(uniform(shape), 2 * Math.PI)))
    },
    dropout(x, rate) {
      if (!(rate >= 0 && rate < 1)) throw new GraphError('argument', `dropout: rate ${rate} is not in [0, 1)`)
      if (rate === 0) return x
      const dropped = less(uniform(x.shape), rate)
      return where(dropped, constant(0, { dtype: x.dtype }), multiply(x, 1 / (1 - rate)))
    },
  }
}
