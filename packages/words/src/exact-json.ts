// JSON as people's files hold it: whole numbers stay exact however long they are, and ids and flags mean the same whether they
// are written as numbers or as text. Grammar: RFC 8259. JavaScript's numbers hold whole numbers exactly up to 2^53 only, while
// identifiers of pictures made of hashes or times reach 2^64.

/** Digits of the shortest whole number that a JavaScript number may not hold: 2^53 is 9007199254740992. */
const RISKY_DIGITS = 16

/**
 * JSON.parse, but a whole number beyond 2^53 is given as its digits, a text, in place of another number nearby; `.0` behind
 * it falls away. Throws SyntaxError as JSON.parse does.
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (!hasLongNumber(text)) return value
  const exact = withLongNumbersAsText(text)
  return exact === text ? value : JSON.parse(exact)
}

/**
 * The same for JSON as Python's `json.dump` writes it, with NaN and infinities: they are read as null, and `nonNumbers` names
 * those that there were. Throws SyntaxError where more is wrong.
 */
export function parsePythonJson(text: string): {
  readonly value: unknown
  readonly nonNumbers: readonly string[]
} {
  try {
    return { value: parseExactJson(text), nonNumbers: [] }
  } catch (error) {
    const nonNumbers = new Set<string>()
    const parts: string[] = []
    for (let i = 0; i < text.length; ) {
      const quote = text.indexOf('"', i)
      const end = quote < 0 ? text.length : quote
      const between = text.slice(i, end).replace(/-?\b(?:NaN|Infinity|nan|inf)\b/g, (word) => {
        nonNumbers.add(word)
        return 'null'
      })
      i = quote < 0 ? end : endOfText(text, quote)
      parts.push(between, text.slice(end, i))
    }
    if (nonNumbers.size === 0) throw error
    return { value: parseExactJson(parts.join('')), nonNumbers: [...nonNumbers] }
  }
}

/** An id as files write it: a whole number up to 2^53, or text. */
export type RecordId = number | string

/** Texts longer than this are no ids. */
const MAX_ID_LENGTH = 500

/**
 * An id, so that equal ids are equal values: 1, 1.0 and "1" are the number 1; whole numbers beyond 2^53 are their digits. Other
 * text stays as it is: "01" is not 1. Undefined for what cannot be an id.
 */
export function recordId(value: unknown): RecordId | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return undefined
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? String(BigInt(value)) : value + 0
  }
  if (typeof value !== 'string' || value === '' || value.length > MAX_ID_LENGTH) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) && String(number) === value ? number : value
}

/** Whole numbers by size, however long; then other numbers and texts by code unit: the order of NumPy's `unique` for ids. */
export function compareRecordIds(a: RecordId, b: RecordId): number {
  const [p, q] = [wholeOf(a), wholeOf(b)]
  if (p !== undefined && q !== undefined) return p < q ? -1 : p > q ? 1 : 0
  if (p !== undefined) return -1
  if (q !== undefined) return 1
  return a < b ? -1 : a > b ? 1 : 0
}

function wholeOf(id: RecordId): number | bigint | undefined {
  if (typeof id === 'number') return id
  return /^-?[1-9]\d{15,}$/.test(id) ? BigInt(id) : undefined
}

/** A yes or no as files write it: true, 1, "1", "true" and their opposites; undefined for all else. */
export function recordFlag(value: unknown): boolean | undefined {
  if (value === true || value === 1 || value === '1') return true
  if (value === false || value === 0 || value === '0') return false
  if (typeof value !== 'string') return undefined
  const word = value.trim().toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : undefined
}

/** Whether some run of digits is long enough; every sixteenth character is looked at, so that nothing else costs. */
function hasLongNumber(text: string): boolean {
  for (let i = RISKY_DIGITS - 1; i < text.length; i += RISKY_DIGITS) {
    if (!isDigit(text.charCodeAt(i))) continue
    let from = i
    while (from > 0 && isDigit(text.charCodeAt(from - 1))) from--
    let to = i + 1
    while (to < text.length && isDigit(text.charCodeAt(to))) to++
    // Behind a point stand the digits of fractions, which Python writes up to 17 of.
    if (to - from >= RISKY_DIGITS && text.charCodeAt(from - 1) !== POINT) return true
    i += Math.floor((to - 1 - i) / RISKY_DIGITS) * RISKY_DIGITS
  }
  return false
}

/** The same JSON with quotes around whole numbers that a JavaScript number does not hold. The text must be sound JSON. */
function withLongNumbersAsText(text: string): string {
  const parts: string[] = []
  let kept = 0
  for (let i = 0; i < text.length; ) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) {
      i = endOfText(text, i)
      continue
    }
    if (code !== MINUS && !isDigit(code)) {
      i++
      continue
    }
    const from = i
    while (i < text.length && isNumberPart(text.charCodeAt(i))) i++
    const whole = /^(-?\d{16,})(?:\.0+)?$/.exec(text.slice(from, i))?.[1]
    if (whole === undefined || Number.isSafeInteger(Number(whole))) continue
    parts.push(text.slice(kept, from), '"', whole, '"')
    kept = i
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(kept)
}

/** Behind the text in quotes that begins at `at`. */
function endOfText(text: string, at: number): number {
  for (let from = at + 1; ; ) {
    const quote = text.indexOf('"', from)
    if (quote < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return quote + 1
    from = quote + 1
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Digits, signs, the point and the exponent's letter. */
function isNumberPart(code: number): boolean {
  return isDigit(code) || code === MINUS || code === 43 || code === POINT || code === 69 || code === 101
}

const QUOTE = 34
const MINUS = 45
const POINT = 46
const BACKSLASH = 92
