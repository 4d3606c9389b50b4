// Numbers, ids and lists of one object of a config.json, with defaults; errors name the field that is wrong.
import { GraphError } from '@maskwords/graph'

type Json = Readonly<Record<string, unknown>>

export class Fields {
  private readonly json: Json
  private readonly where: string
  constructor(json: Json, where: string) {
    this.json = json
    this.where = where
  }

  get(name: string): unknown {
    const value = this.json[name]
    return value === null ? undefined : value
  }

  private wrong(name: string, wanted: string): GraphError {
    return new GraphError(
      'malformed',
      `config.json: ${this.where}${name} is ${JSON.stringify(this.json[name])}; wanted ${wanted}`,
    )
  }

  /** A positive number; a whole one unless it may be a fraction. Published files write some sizes as lists of equal numbers. */
  number(name: string, otherwise: number, options: { fraction?: boolean } = {}): number {
    const value = this.get(name) ?? otherwise
    const one = Array.isArray(value) && new Set(value).size === 1 ? value[0] : value
    if (
      typeof one !== 'number' ||
      !(one > 0) ||
      !Number.isFinite(one) ||
      (!options.fraction && !Number.isSafeInteger(one))
    ) {
      throw this.wrong(name, options.fraction ? 'a number above 0' : 'a whole number above 0')
    }
    return one
  }

  id(name: string, otherwise: number): number {
    const value = this.get(name) ?? otherwise
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw this.wrong(name, 'a token id')
    return value
  }

  list(name: string, otherwise: readonly number[]): readonly number[] {
    const value = this.get(name) ?? otherwise
    if (!Array.isArray(value) || value.some((item) => !Number.isSafeInteger(item) || item < 0)) {
      throw this.wrong(name, 'a list of whole numbers')
    }
    return value as number[]
  }

  flag(name: string): boolean {
    return this.get(name) === true
  }
}
