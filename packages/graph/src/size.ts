// Sizes of axes: numbers, or canonical text of a polynomial of symbolic sizes such as "4*batch" or "past+seq".
// The only non-polynomial form is floor(p/n), which strided windows over a symbolic axis need.
import { GraphError } from './error.ts'

/** Size of one axis: a number, or an expression over symbolic sizes in canonical form ("batch", "4*batch*masks"). */
export type Dim = number | string
export type Shape = readonly Dim[]

/** One term: numerator / denominator x the product of atoms (name or floor(...)), sorted, repeated for powers. */
type Term = { numerator: number; denominator: number; atoms: readonly string[] }
type Polynomial = readonly Term[]

/** Characters of one size; the longest that networks make have some dozens. Also bounds the depth of nested floors. */
const MAX_SIZE_CHARACTERS = 1000

const parsed = new Map<string, Polynomial>()

function gcd(a: number, b: number): number {
  a = Math.abs(a)
  b = Math.abs(b)
  while (b > 0) [a, b] = [b, a % b]
  return a
}

function normalise(terms: readonly Term[]): Polynomial {
  const byAtoms = new Map<string, Term>()
  for (const term of terms) {
    const key = term.atoms.join('*')
    const seen = byAtoms.get(key)
    const numerator = seen
      ? seen.numerator * term.denominator + term.numerator * seen.denominator
      : term.numerator
    const denominator = seen ? seen.denominator * term.denominator : term.denominator
    const common = gcd(numerator, denominator) || 1
    byAtoms.set(key, { numerator: numerator / common, denominator: denominator / common, atoms: term.atoms })
  }
  return [...byAtoms.entries()]
    .filter(([, term]) => term.numerator !== 0)
    .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1))
    .map(([, term]) => term)
}

function print(polynomial: Polynomial): Dim {
  if (polynomial.length === 0) return 0
  const only = polynomial[0]!
  if (polynomial.length === 1 && only.atoms.length === 0 && only.denominator === 1) return only.numerator
  let text = ''
  for (const { numerator, denominator, atoms } of polynomial) {
    const size = Math.abs(numerator)
    const factors = size === 1 && atoms.length > 0 ? [...atoms] : [String(size), ...atoms]
    const term = factors.join('*') + (denominator === 1 ? '' : `/${denominator}`)
    text += numerator < 0 ? `-${term}` : text === '' ? term : `+${term}`
  }
  parsed.set(text, polynomial)
  return text
}

function parse(text: string): Polynomial {
  const known = parsed.get(text)
  if (known) return known
  if (text.length > MAX_SIZE_CHARACTERS) {
    throw new GraphError(
      'too-large',
      `a size of ${text.length} characters; at most ${MAX_SIZE_CHARACTERS} are read`,
    )
  }
  let at = 0
  const fail = (): never => {
    throw new GraphError('argument', `size "${text}": unexpected character at ${at}`, {
      at,
      hint: 'write a name, or sums and products of names and whole numbers, such as "4*batch"',
    })
  }
  const integer = (): number => {
    const match = /^\d+/.exec(text.slice(at))
    if (!match) return fail()
    const value = Number(match[0])
    if (!Number.isSafeInteger(value)) return fail()
    at += match[0].length
    return value
  }
  const sum = (): Polynomial => {
    const terms: Term[] = []
    let sign = 1
    if (text[at] === '-') {
      sign = -1
      at++
    }
    for (;;) {
      let term: Term = { numerator: sign, denominator: 1, atoms: [] }
      for (;;) {
        if (text.startsWith('floor(', at)) {
          at += 6
          const inner = sum()
          if (text[at] !== '/') fail()
          at++
          const divisor = integer()
          if (divisor === 0) fail()
          if (text[at] !== ')') fail()
          at++
          term = { ...term, atoms: [...term.atoms, floorAtom(inner, divisor)].sort() }
        } else {
          const name = /^[A-Za-z_][\w.]*/.exec(text.slice(at))
          if (name) {
            at += name[0].length
            term = { ...term, atoms: [...term.atoms, name[0]].sort() }
          } else term = { ...term, numerator: term.numerator * integer() }
        }
        if (text[at] !== '*') break
        at++
      }
      // Inside floor(p/n) the last "/n" belongs to the floor, so a fraction there is written with the term in front.
      if (text[at] === '/' && !/^\/\d+\)/.test(text.slice(at))) {
        at++
        term = { ...term, denominator: integer() }
        if (term.denominator === 0) fail()
      }
      terms.push(term)
      if (text[at] === '+') sign = 1
      else if (text[at] === '-') sign = -1
      else return normalise(terms)
      at++
    }
  }
  const polynomial = sum()
  if (at !== text.length) fail()
  parsed.set(text, polynomial)
  return polynomial
}

function floorAtom(polynomial: Polynomial, divisor: number): string {
  return `floor(${print(polynomial)}/${divisor})`
}

function polynomialOf(dim: Dim): Polynomial {
  if (typeof dim === 'string') return parse(dim)
  return dim === 0 ? [] : [{ numerator: dim, denominator: 1, atoms: [] }]
}

/** The canonical form of a size written by a user. */
export function dim(value: Dim): Dim {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new GraphError('argument', `size ${value} is not a whole number of at least 0`)
    }
    return value
  }
  const size = print(parse(value.replace(/\s+/g, '')))
  const known =
    typeof size === 'number' ? size : parse(size).every(({ atoms }) => atoms.length === 0) ? -1 : 0
  if (known < 0) throw new GraphError('argument', `size "${value}" is not a whole number of at least 0`)
  return size
}

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  return print(normalise([...polynomialOf(a), ...polynomialOf(b)]))
}

export function subtractDims(a: Dim, b: Dim): Dim {
  return addDims(a, multiplyDims(b, -1))
}

export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (a === 1) return b
  if (b === 1) return a
  const terms: Term[] = []
  for (const x of polynomialOf(a)) {
    for (const y of polynomialOf(b)) {
      terms.push({
        numerator: x.numerator * y.numerator,
        denominator: x.denominator * y.denominator,
        atoms: [...x.atoms, ...y.atoms].sort(),
      })
    }
  }
  return print(normalise(terms))
}

/** a / b where it is exact as an expression; undefined where it is not ("batch" / "seq", 7 / 2). */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    return b !== 0 && a % b === 0 ? a / b : undefined
  }
  if (a === b) return 1
  const divisor = polynomialOf(b)
  const dividend = polynomialOf(a)
  if (divisor.length === 0 || dividend.length === 0) return undefined
  const lead = divisor[0]!
  // Exact division by one term; by a sum only where every term has the same quotient.
  if (divisor.length > 1) {
    const first = quotient(dividend[0]!, lead)
    if (!first) return undefined
    const candidate = print(normalise([first]))
    return multiplyDims(candidate, b) === a ? candidate : undefined
  }
  const terms: Term[] = []
  for (const term of dividend) {
    const part = quotient(term, lead)
    if (!part) return undefined
    terms.push(part)
  }
  return print(normalise(terms))
}

function quotient(term: Term, by: Term): Term | undefined {
  const atoms = [...term.atoms]
  for (const atom of by.atoms) {
    const at = atoms.indexOf(atom)
    if (at < 0) return undefined
    atoms.splice(at, 1)
  }
  const result = {
    numerator: term.numerator * by.denominator,
    denominator: term.denominator * by.numerator,
    atoms,
  }
  if (atoms.length === 0 && result.numerator % result.denominator !== 0) return undefined
  return result
}

/** floor(a / n), kept as an expression where `a` is symbolic. */
export function floorDivideDim(a: Dim, n: number): Dim {
  if (typeof a === 'number') return Math.floor(a / n)
  if (n === 1) return a
  // Whole multiples leave the floor: floor((2*h + 1)/2) is h + floor(1/2).
  const whole: Term[] = []
  const rest: Term[] = []
  for (const term of parse(a)) {
    if (term.denominator !== 1) {
      rest.push(term)
      continue
    }
    if (term.atoms.length === 0) {
      const remainder = ((term.numerator % n) + n) % n
      whole.push({ ...term, numerator: (term.numerator - remainder) / n })
      rest.push({ ...term, numerator: remainder })
    } else if (term.numerator % n === 0) whole.push({ ...term, numerator: term.numerator / n })
    else rest.push(term)
  }
  const inner = normalise(rest)
  const constant = print(inner)
  if (typeof constant === 'number') whole.push(...polynomialOf(Math.floor(constant / n)))
  else whole.push({ numerator: 1, denominator: 1, atoms: [floorAtom(inner, n)] })
  return print(normalise(whole))
}

export function productOf(shape: Shape): Dim {
  let total: Dim = 1
  for (const size of shape) total = multiplyDims(total, size)
  return total
}

export function isStatic(shape: Shape): shape is readonly number[] {
  return shape.every((size) => typeof size === 'number')
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}

export function shapeText(shape: Shape): string {
  return `[${shape.join(',')}]`
}

/** One step of computing a symbolic size: terms to add, each a coefficient times atoms. */
export type SizeTerm = { numerator: number; denominator: number; atoms: readonly SizeAtom[] }
export type SizeAtom = { name: string } | { floorOf: Dim; by: number }

/** A size as terms to multiply and add, for a writer that computes it from the sizes of inputs. */
export function sizeTerms(size: Dim): readonly SizeTerm[] {
  return polynomialOf(size).map((term) => ({
    numerator: term.numerator,
    denominator: term.denominator,
    atoms: term.atoms.map((atom): SizeAtom => {
      if (!atom.startsWith('floor(')) return { name: atom }
      const slash = atom.lastIndexOf('/')
      return { floorOf: dim(readDim(atom.slice(6, slash))), by: Number(atom.slice(slash + 1, -1)) }
    }),
  }))
}

function readDim(text: string): Dim {
  return /^\d+$/.test(text) ? Number(text) : text
}

/** The number that a size has when the symbolic sizes have the given values. */
export function evaluateDim(size: Dim, values: Readonly<Record<string, number>>): number {
  if (typeof size === 'number') return size
  let total = 0
  for (const term of sizeTerms(size)) {
    let product = term.numerator
    for (const atom of term.atoms) {
      if ('name' in atom) {
        const value = values[atom.name]
        if (value === undefined) {
          throw new GraphError('argument', `size "${size}": no value for "${atom.name}"`)
        }
        product *= value
      } else product *= Math.floor(evaluateDim(atom.floorOf, values) / atom.by)
    }
    total += product / term.denominator
  }
  return total
}
