// Random whole numbers from a seed: xoshiro128** (Blackman and Vigna, 2018), its state filled by splitmix32.

/** Numbers from 0 to 1, without 1, that follow from a seed. */
export type Random = {
  /** A whole number from 0 to `count` - 1, without bias. */
  readonly below: (count: number) => number
  readonly bit: () => 0 | 1
}

/** Numbers that depend on the seed alone. */
export function randomOf(seed: number): Random {
  let mixed = seed >>> 0
  const word = (): number => {
    mixed = (mixed + 0x9e3779b9) >>> 0
    let z = mixed
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let [a, b, c, d] = [word(), word(), word(), word()]
  const next = (): number => {
    const five = Math.imul(b, 5)
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result
  }
  return {
    below(count) {
      const limit = 2 ** 32 - (2 ** 32 % count)
      for (;;) {
        const value = next()
        if (value < limit) return value % count
      }
    },
    bit: () => (next() >>> 31) as 0 | 1,
  }
}
