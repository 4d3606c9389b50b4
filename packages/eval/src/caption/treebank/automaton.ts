// A machine that reads texts by patterns, one state at a time: subset construction (Rabin and Scott 1959), each state made when
// a text first comes to it. No backtracking: a text is read in time linear in its length, whatever the patterns are.

import { hasUnit, type Pattern, type UnitRanges } from './pattern.ts'

type Edge = { readonly ranges: UnitRanges; readonly to: number }

/** One state of the machine. Held and compared by identity. */
export type MachineState = {
  /** Number of the first pattern that is complete here, -1 for none. */
  readonly accepts: number
  /** All patterns that are complete here, in rising order. */
  readonly complete: readonly number[]
  readonly places: readonly number[]
  /** Where units of ASCII lead, and where others do; undefined for what has not been looked for yet. */
  readonly ascii: (MachineState | null | undefined)[]
  readonly next: Map<number, MachineState | null>
}

const ASCII_UNITS = 128

export class Machine {
  readonly #edges: Edge[][] = []
  readonly #free: number[][] = []
  readonly #ends = new Map<number, number>()
  readonly #states = new Map<string, MachineState>()
  readonly start: MachineState

  /** The patterns, each known by its place in the list. */
  constructor(patterns: readonly Pattern[]) {
    const root = this.#place()
    for (const [index, pattern] of patterns.entries()) {
      const end = this.#place()
      this.#free[root]!.push(this.#build(pattern, end))
      this.#ends.set(end, index)
    }
    this.start = this.#stateOf([root])!
  }

  /** Where `unit` leads from `state`; null where no pattern goes on. */
  step(state: MachineState, unit: number): MachineState | null {
    const known = unit < ASCII_UNITS ? state.ascii[unit] : state.next.get(unit)
    if (known !== undefined) return known
    const reached: number[] = []
    for (const place of state.places) {
      for (const { ranges, to } of this.#edges[place]!) if (hasUnit(ranges, unit)) reached.push(to)
    }
    const next = this.#stateOf(reached)
    if (unit < ASCII_UNITS) state.ascii[unit] = next
    else state.next.set(unit, next)
    return next
  }

  #place(): number {
    this.#edges.push([])
    this.#free.push([])
    return this.#edges.length - 1
  }

  /** The place from which `pattern` leads to `end`. */
  #build(pattern: Pattern, end: number): number {
    switch (pattern.kind) {
      case 'units': {
        const from = this.#place()
        this.#edges[from]!.push({ ranges: pattern.ranges, to: end })
        return from
      }
      case 'sequence':
        return pattern.parts.reduceRight((to, part) => this.#build(part, to), end)
      case 'choice': {
        const from = this.#place()
        this.#free[from]!.push(...pattern.parts.map((part) => this.#build(part, end)))
        return from
      }
      case 'repeat':
        return this.#repeat(pattern.part, pattern.least, pattern.most, end)
    }
  }

  #repeat(part: Pattern, least: number, most: number, end: number): number {
    let from = end
    if (most === Number.POSITIVE_INFINITY) {
      from = this.#place()
      this.#free[from]!.push(end, this.#build(part, from))
    } else {
      for (let i = least; i < most; i++) {
        const skip = this.#place()
        this.#free[skip]!.push(end, this.#build(part, from))
        from = skip
      }
    }
    for (let i = 0; i < least; i++) from = this.#build(part, from)
    return from
  }

  #stateOf(reached: readonly number[]): MachineState | null {
    if (reached.length === 0) return null
    const all = new Set(reached)
    // A Set is walked in the order of insertion, so places added on the way are met too.
    for (const place of all) for (const other of this.#free[place]!) all.add(other)
    const places = [...all].sort((a, b) => a - b)
    const key = places.join()
    const known = this.#states.get(key)
    if (known) return known
    const complete = places.flatMap((place) => this.#ends.get(place) ?? []).sort((a, b) => a - b)
    const state: MachineState = {
      accepts: complete[0] ?? -1,
      complete,
      places,
      ascii: new Array(ASCII_UNITS),
      next: new Map(),
    }
    this.#states.set(key, state)
    return state
  }
}
