// Random numbers that a graph computes from a seed: a counter-based generator of four squaring rounds (after Widynski,
// "Squares: a fast counter-based RNG", 2020, on 31-bit words), from integer arithmetic that is the same on every runtime.
import { GraphError } from '../error.ts'
import type { Dim, Shape } from '../size.ts'
import { productOf } from '../size.ts'
import type { Tensor } from '../tensor.ts'
import { constant } from '../tensor.ts'
import { add, cos, divide, less, log, modulo, multiply, sqrt, subtract, where } from './arithmetic.ts'
import { range } from './attention.ts'
import { reshape } from './broadcast.ts'
import { cast } from './cast.ts'
import { needDType } from './check.ts'

// Words are 31 bits wide, so that a square plus a word stays inside int64.
const WORD = 2 ** 31
const MIDDLE = 2 ** 15

// The middle 31 bits of x² + y.
function round(x: Tensor, y: Tensor): Tensor {
  return modulo(divide(add(multiply(x, x), y), MIDDLE), WORD)
}

function squares(counter: Tensor, factor: Tensor, offset: Tensor, second: Tensor): Tensor {
  const y = modulo(add(multiply(counter, factor), offset), WORD)
  const z = add(y, second)
  return round(round(round(round(y, y), z), y), z)
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
  const base = cast(seed, 'int64')
  const low = modulo(base, WORD)
  const high = modulo(divide(subtract(base, low), WORD), WORD)
  const number = (value: number) => constant(value, { dtype: 'int64' })
  let draws = 0
  const words = (size: Dim): Tensor => {
    draws++
    const key = (salt: number) => {
      const first = squares(low, number(0x5851f42d), number(salt), number(0x14057b7e))
      return squares(add(first, number(draws)), number(0x2c1b3c6d), high, number(salt))
    }
    // An even factor would lose the counter's upper bits.
    const factor = add(multiply(divide(key(0x1b56c4e9), 2), 2), 1)
    return squares(range(size), factor, key(0x45d9f3b5), key(0x297a2d39))
  }
  const uniform = (shape: Shape): Tensor => {
    const bits = divide(words(productOf(shape)), 2 ** 7)
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
