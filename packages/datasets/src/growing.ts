// Columns of numbers that grow: what an index of a million annotations is kept in. Definition: ours.

type Numbers = Float64Array | Uint32Array

/** A typed array with room to spare; `values` holds `length` numbers. */
export class Column<T extends Numbers> {
  values: T
  length = 0

  constructor(empty: T) {
    this.values = empty
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new (this.values.constructor as new (length: number) => T)(
        Math.max(1024, this.length * 2),
      )
      larger.set(this.values as never)
      this.values = larger
    }
    this.values[this.length++] = value
  }

  clear(): void {
    this.length = 0
  }
}

export const float64Column = (): Column<Float64Array> => new Column(new Float64Array(0))
export const uint32Column = (): Column<Uint32Array> => new Column(new Uint32Array(0))
