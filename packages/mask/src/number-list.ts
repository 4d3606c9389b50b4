// A growing list of 32-bit numbers: plain arrays cost eight bytes and a check a number.

export class NumberList {
  values: Uint32Array
  length = 0

  constructor(capacity = 256) {
    this.values = new Uint32Array(capacity)
  }

  /** Makes room for `more` numbers after the first `length` and returns the storage to write them to. */
  room(length: number, more: number): Uint32Array {
    this.length = length
    const needed = length + more
    if (needed > this.values.length) {
      const grown = new Uint32Array(Math.max(needed, this.values.length * 2))
      grown.set(this.values.subarray(0, length))
      this.values = grown
    }
    return this.values
  }

  push(value: number): void {
    this.room(this.length, 1)[this.length++] = value
  }

  /** The first `length` numbers, without a copy. */
  view(length: number): Uint32Array {
    return this.values.subarray(0, length)
  }
}
