// What `inspect` says about one thing: what it is, its facts in order, and what is wrong with the way to mend it.

export type Problem = {
  readonly problem: string
  readonly remedy?: string
  /** How many times, where it was counted. */
  readonly count?: number
  /** The first place where it was seen. */
  readonly at?: string
  /** True where it makes the thing unusable, not only suspicious. */
  readonly broken?: boolean
}

export type Report = {
  readonly target: string
  /** For programs: `picture`, `mask`, `coco-dataset`, `words`, `checkpoint`, ... */
  readonly kind: string
  /** One line for people. */
  readonly what: string
  /** Name and value, in the order in which they are shown. */
  readonly facts: readonly (readonly [name: string, value: FactValue])[]
  readonly problems: readonly Problem[]
}

export type FactValue =
  | string
  | number
  | boolean
  | readonly (string | number | readonly (string | number)[])[]

/** Counts problems by kind and remembers the first place of each; a million annotations have one line a problem. */
export class ProblemCounter {
  private readonly seen = new Map<string, { problem: Problem; count: number }>()

  add(problem: string, at: string, remedy?: string, broken?: boolean): void {
    const entry = this.seen.get(problem)
    if (entry !== undefined) entry.count++
    else {
      this.seen.set(problem, {
        problem: { problem, at, ...(remedy !== undefined && { remedy }), ...(broken && { broken }) },
        count: 1,
      })
    }
  }

  list(): Problem[] {
    return [...this.seen.values()].map(({ problem, count }) => ({ ...problem, count }))
  }
}
