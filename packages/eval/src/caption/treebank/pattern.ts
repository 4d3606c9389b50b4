// Patterns of a lexer: a small regular language without backtracking. Written like a JavaScript pattern: `|`, `( )`, `* + ?`,
// `{m,n}`, classes `[a-z\u00C0]` and `[^...]`, `\p{L}` and its like. A letter outside of a class stands for both cases; a class
// means exactly its members. Texts are read by UTF-16 unit.

/** Sorted, disjoint, both ends in it. */
export type UnitRanges = readonly (readonly [number, number])[]

export type Pattern =
  | { readonly kind: 'units'; readonly ranges: UnitRanges }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly parts: readonly Pattern[] }
  | {
      readonly kind: 'repeat'
      readonly part: Pattern
      readonly least: number
      /** Infinity for no end. */
      readonly most: number
    }

const LAST_UNIT = 0xffff

/** Throws SyntaxError with the place for a pattern that is not of the small language. */
export function parsePattern(source: string): Pattern {
  return new PatternReader(source).all()
}

class PatternReader {
  #at = 0
  readonly source: string
  constructor(source: string) {
    this.source = source
  }

  all(): Pattern {
    const pattern = this.#choice()
    if (this.#at < this.source.length) this.#fail('a closing bracket without an opening one')
    return pattern
  }

  #choice(): Pattern {
    const parts = [this.#sequence()]
    while (this.#take('|')) parts.push(this.#sequence())
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts }
  }

  #sequence(): Pattern {
    const parts: Pattern[] = []
    while (this.#at < this.source.length && !'|)'.includes(this.source[this.#at]!)) {
      parts.push(this.#repeated(this.#single()))
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts }
  }

  #repeated(part: Pattern): Pattern {
    if (this.#take('*')) return { kind: 'repeat', part, least: 0, most: Number.POSITIVE_INFINITY }
    if (this.#take('+')) return { kind: 'repeat', part, least: 1, most: Number.POSITIVE_INFINITY }
    if (this.#take('?')) return { kind: 'repeat', part, least: 0, most: 1 }
    const counts = /^\{(\d+)(?:,(\d+))?\}/.exec(this.source.slice(this.#at))
    if (counts === null) return part
    this.#at += counts[0].length
    const least = Number(counts[1])
    return { kind: 'repeat', part, least, most: Number(counts[2] ?? least) }
  }

  #single(): Pattern {
    if (this.#take('(')) {
      const inner = this.#choice()
      if (!this.#take(')')) this.#fail('an opening bracket without a closing one')
      return inner
    }
    if (this.#take('[')) return { kind: 'units', ranges: this.#class() }
    if (this.source.startsWith('\\p', this.#at)) return { kind: 'units', ranges: this.#property() }
    const unit = this.#unit()
    return { kind: 'units', ranges: bothCases(unit) }
  }

  #class(): UnitRanges {
    const isNegated = this.#take('^')
    const ranges: (readonly [number, number])[] = []
    while (!this.#take(']')) {
      if (this.#at >= this.source.length) this.#fail('a class without an end')
      if (this.source.startsWith('\\p', this.#at)) {
        ranges.push(...this.#property())
        continue
      }
      const from = this.#unit()
      const isRange = this.source[this.#at] === '-' && this.source[this.#at + 1] !== ']'
      if (isRange) this.#at++
      ranges.push([from, isRange ? this.#unit() : from])
    }
    return isNegated ? withoutUnits([[0, LAST_UNIT]], ranges) : joinUnits(ranges)
  }

  #property(): UnitRanges {
    const found = /^\\p\{\w+\}/.exec(this.source.slice(this.#at))
    if (found === null) this.#fail('an unknown property')
    this.#at += found![0].length
    return unitsOf(new RegExp(found![0], 'u'))
  }

  #unit(): number {
    if (!this.#take('\\')) return this.source.charCodeAt(this.#at++)
    const kind = this.source[this.#at++] ?? this.#fail('nothing after a backslash')
    const simple = { n: 10, r: 13, t: 9, f: 12 }[kind]
    if (simple !== undefined) return simple
    if (kind !== 'u') return kind.charCodeAt(0)
    this.#at += 4
    return Number.parseInt(this.source.slice(this.#at - 4, this.#at), 16)
  }

  #take(text: string): boolean {
    if (!this.source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #fail(what: string): never {
    throw new SyntaxError(`${what} at ${this.#at} of ${this.source}`)
  }
}

/** Letters of other alphabets that fold to a letter of English. */
const OTHER_CASES = new Map([
  ['k', '\u212A'],
  ['s', '\u017F'],
  ['i', '\u0130\u0131'],
])

function bothCases(unit: number): UnitRanges {
  const text = String.fromCharCode(unit)
  const folded = text.toLowerCase()
  const forms = new Set([unit, folded.charCodeAt(0), text.toUpperCase().charCodeAt(0)])
  for (const other of OTHER_CASES.get(folded) ?? '') forms.add(other.charCodeAt(0))
  return joinUnits([...forms].map((form) => [form, form] as const))
}

const propertyUnits = new Map<string, UnitRanges>()

function unitsOf(property: RegExp): UnitRanges {
  const known = propertyUnits.get(property.source)
  if (known) return known
  const ranges: [number, number][] = []
  for (let unit = 0; unit <= LAST_UNIT; unit++) {
    if (!property.test(String.fromCharCode(unit))) continue
    const last = ranges.at(-1)
    if (last?.[1] === unit - 1) last[1] = unit
    else ranges.push([unit, unit])
  }
  propertyUnits.set(property.source, ranges)
  return ranges
}

/** The union. */
export function joinUnits(ranges: UnitRanges): UnitRanges {
  const joined: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

/** Units of `all` that `out` does not have. */
function withoutUnits(all: UnitRanges, out: UnitRanges): UnitRanges {
  const gone = joinUnits(out)
  return all.flatMap(([from, to]) => {
    const left: [number, number][] = []
    let start = from
    for (const [a, b] of gone) {
      if (b < start || a > to) continue
      if (a > start) left.push([start, a - 1])
      start = b + 1
    }
    if (start <= to) left.push([start, to])
    return left
  })
}

export function hasUnit(ranges: UnitRanges, unit: number): boolean {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const [from, to] = ranges[middle]!
    if (unit < from) high = middle - 1
    else if (unit > to) low = middle + 1
    else return true
  }
  return false
}
