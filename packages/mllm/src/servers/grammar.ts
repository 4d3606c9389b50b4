// Constraints as each server takes them: grammars over tokens where ids are known (llama.cpp's GBNF, XGrammar's EBNF), else grammars and
// regular expressions over text. What they allow is defined by constraint.ts; the interop checks walk both side by side.
import type { SpanVocabulary } from '@maskwords/words'
import { formatMaskWords, MASK_END, MASK_START, wordsOf } from '@maskwords/words'
import { MAX_COUNTED_MASKS, type SpanIds, spanIds } from '../constraint.ts'
import { MllmError } from '../error.ts'

/** A constraint that imposes something. */
export type Imposed =
  | { readonly mode: 'free' | 'forced' }
  | { readonly mode: 'count'; readonly masks: number }

/** This text, then a mask that begins with these codes (of SAMTok), and nothing behind it. */
export type Continued = {
  readonly mode: 'continue'
  readonly text: string
  readonly codes: readonly number[]
}

/**
 * llama.cpp's grammar over token ids. Where masks are counted, words of a mask may not stand alone: its grammars exclude one token at a
 * place, so that the text between masks is described by its characters there.
 * @throws MllmError `wrong-words` without ids; `argument` for counts.
 */
export function gbnfOfTokens(constraint: Imposed | Continued, vocabulary: SpanVocabulary): string {
  const { start, end, levels } = spanIds(vocabulary)
  const token = (id: number) => `<[${id}]>`
  const codes = listsOf(levels, vocabulary).map((ids, i) => `code${i} ::= ${ids.map(token).join(' | ')}`)
  if (constraint.mode === 'continue') {
    return [`root ::= ${continuation(constraint, vocabulary, token)}`, ...codes].join('\n')
  }
  const text = constraint.mode === 'count' ? GBNF_TEXT : { text: `!${token(start)}*` }
  return [
    `root ::= ${rootOf(constraint, { ...text, span: 'span' })}`,
    `span ::= ${token(start)} ${codesInARow(vocabulary)} ${token(end)}`,
    ...codes,
    ...(constraint.mode === 'count' ? GBNF_TEXT_RULES : []),
  ].join('\n')
}

/** Text in which no mask word begins. */
const GBNF_TEXT = { text: 'plain*', before: 'begun*' } as const
const GBNF_TEXT_RULES = [
  'plain ::= [^<] | begun* ("<" [^<|] | "<|" [^<m] | "<|m" [^<t] | "<|mt" [^<_])',
  'begun ::= "<" | "<|" | "<|m" | "<|mt"',
]

/**
 * XGrammar's grammar over token ids (vLLM, SGLang).
 * @throws MllmError `wrong-words` without ids; `argument` for counts.
 */
export function ebnfOfTokens(constraint: Imposed | Continued, vocabulary: SpanVocabulary): string {
  const ids = spanIds(vocabulary)
  const { start, end, levels } = ids
  if (constraint.mode === 'continue') {
    const lists = levels.map((codes, i) => `code${i} ::= Token(${codes.join(', ')})`)
    const token = (id: number) => `Token(${id})`
    return [`root ::= ${continuation(constraint, vocabulary, token)}`, ...lists].join('\n')
  }
  const rest = [
    `tail ::= ${codesInARow(vocabulary)} Token(${end})`,
    ...listsOf(levels, vocabulary).map((codes, i) => `code${i} ::= Token(${codes.join(', ')})`),
  ]
  if (constraint.mode === 'free') {
    return [`root ::= TokenTagDispatch((${start}, tail), loop_after_dispatch=true)`, ...rest].join('\n')
  }
  const root = `root ::= ${rootOf(constraint, { text: 'text', span: 'span' })}`
  const text = `text ::= TokenTagDispatch(excludes=(${[start, ...straysOf(ids)].join(', ')}))`
  const span = `span ::= Token(${start}) tail`
  return [root, span, ...(constraint.mode === 'count' ? [text] : []), ...rest].join('\n')
}

/**
 * llama.cpp's grammar over text: words may be spelled out of other tokens, too, which reads the same.
 * @throws MllmError `argument` for counts.
 */
export function gbnfOfText(constraint: Imposed | Continued, vocabulary: SpanVocabulary): string {
  const codes = patternsOf(vocabulary).map(
    (rows, i) => `code${i} ::= "<|mt_" (${rows.map((row) => row.map(classOf).join(' ')).join(' | ')}) "|>"`,
  )
  if (constraint.mode === 'continue') {
    const said = quoted(constraint.text + begunMask(constraint, vocabulary))
    const left = leftCodes(constraint, vocabulary)
    return [`root ::= ${said} ${left.join(' ')} "${MASK_END}"`, ...codes].join('\n')
  }
  return [
    `root ::= ${rootOf(constraint, { ...GBNF_TEXT, span: 'span' })}`,
    `span ::= "${MASK_START}" ${codesInARow(vocabulary)} "${MASK_END}"`,
    ...codes,
    ...(constraint.mode === 'forced' ? [] : GBNF_TEXT_RULES),
  ].join('\n')
}

/**
 * A regular expression over text without look-ahead and back-references: what every engine for structured output takes.
 * @throws MllmError `argument` for counts.
 */
export function regexOf(constraint: Imposed | Continued, vocabulary: SpanVocabulary): string {
  const literal = (word: string) => word.replaceAll('|', '\\|')
  const codes = patternsOf(vocabulary).map(
    (rows) => `(<\\|mt_(${rows.map((row) => row.map(classOf).join('')).join('|')})\\|>)`,
  )
  if (constraint.mode === 'continue') {
    const left = codes.slice(constraint.codes.length).join('')
    const said = constraint.text + begunMask(constraint, vocabulary)
    return `${said.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}${left}${literal(MASK_END)}`
  }
  const row = vocabulary.kind === 'himtok' ? `${codes[0]}{1,${vocabulary.maxLength}}` : codes.join('')
  const begun = '(<|<\\||<\\|m|<\\|mt)*'
  return rootOf(constraint, {
    text: `([^<]|${begun}(<[^<|]|<\\|[^<m]|<\\|m[^<t]|<\\|mt[^<_]))*`,
    span: `(${literal(MASK_START)}${row}${literal(MASK_END)})`,
    before: begun,
  }).replaceAll(' ', '')
}

/**
 * Text and spans in their order. `text` stops short of what may begin a mask word; `before` is that beginning, where it turned out to
 * be none.
 */
function rootOf(
  constraint: Imposed,
  { text, span, before = '' }: { text: string; span: string; before?: string },
): string {
  if (constraint.mode === 'forced') return span
  const last = `${text} ${before}`.trim()
  const once = `(${text} ${before} ${span})`.replace(/ {2,}/, ' ')
  if (constraint.mode !== 'count') return `${once}* ${last}`
  const { masks } = constraint
  if (!Number.isInteger(masks) || masks < 0 || masks > MAX_COUNTED_MASKS) {
    throw new MllmError(
      'argument',
      `${masks} masks are asked for; a whole number up to ${MAX_COUNTED_MASKS} is wanted`,
    )
  }
  return masks === 0 ? last : `${once}{${masks}} ${last}`
}

/** A text as grammars quote it. */
const quoted = (text: string): string =>
  `"${text
    .replaceAll(/["\\]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')}"`

/** The start word and those of the codes that are said. */
const begunMask = ({ codes }: Continued, vocabulary: SpanVocabulary): string =>
  formatMaskWords(codes, { ...samtokOf(vocabulary), levels: codes.length }).slice(0, -MASK_END.length)

/** The lists of the codes that are left. */
const leftCodes = ({ codes }: Continued, vocabulary: SpanVocabulary): string[] =>
  Array.from({ length: samtokOf(vocabulary).levels - codes.length }, (_, k) => `code${codes.length + k}`)

/** Text with its mask words as tokens, then the begun mask and what may end it. */
function continuation(
  constraint: Continued,
  vocabulary: SpanVocabulary,
  token: (id: number) => string,
): string {
  const { end } = spanIds(vocabulary)
  const words = new Map(wordsOf(vocabulary).map((word, k) => [word, vocabulary.tokenIds!.ofWord[k]!]))
  const pieces = (constraint.text + begunMask(constraint, vocabulary)).split(/(<\|mt_(?:start|end|\d+)\|>)/)
  const said = pieces.flatMap((piece) => {
    const id = words.get(piece)
    return id !== undefined ? [token(id)] : piece === '' ? [] : [quoted(piece)]
  })
  return [...said, ...leftCodes(constraint, vocabulary), token(end)].join(' ')
}

function samtokOf(vocabulary: SpanVocabulary): Extract<SpanVocabulary, { kind: 'samtok' }> {
  if (vocabulary.kind === 'samtok') return vocabulary
  throw new MllmError('unsupported', 'only masks of SAMTok are gone on with')
}

/** A mask's codes by the names of their lists. */
const codesInARow = (vocabulary: SpanVocabulary): string =>
  vocabulary.kind === 'himtok'
    ? `code0{1,${vocabulary.maxLength}}`
    : Array.from({ length: vocabulary.levels }, (_, level) => `code${level}`).join(' ')

/** Each list once: HiMTok has one for all places. */
const listsOf = (levels: SpanIds['levels'], { kind }: SpanVocabulary): SpanIds['levels'] =>
  kind === 'himtok' ? levels.slice(0, 1) : levels

const straysOf = ({ levels, end }: SpanIds): number[] => [...new Set([...levels.flat(), end])]

/** Digits that may stand at a place, from and to. */
type DigitRange = readonly [number, number]

/** The numbers of each level's words as rows of digits. */
function patternsOf(vocabulary: SpanVocabulary): DigitRange[][][] {
  if (vocabulary.kind === 'himtok') {
    const rows: DigitRange[][] = []
    // Written without zeros in front: one, two, ... digits.
    for (let digits = 1, from = 0; from < vocabulary.codes; digits++, from = 10 ** (digits - 1)) {
      rows.push(...digitRows(from, Math.min(10 ** digits, vocabulary.codes) - 1, digits))
    }
    return [rows]
  }
  const { levels, codesPerLevel, digits } = vocabulary
  return Array.from({ length: levels }, (_, level) =>
    digitRows(level * codesPerLevel, (level + 1) * codesPerLevel - 1, digits),
  )
}

/** Rows of digit ranges that together are the numbers from `low` to `high`, written with `digits` digits. */
function digitRows(low: number, high: number, digits: number): DigitRange[][] {
  if (digits === 0) return [[]]
  const unit = 10 ** (digits - 1)
  const [first, last] = [Math.floor(low / unit), Math.floor(high / unit)]
  const full = (from: number, to: number): DigitRange[][] =>
    from > to ? [] : [[[from, to], ...Array.from({ length: digits - 1 }, (): DigitRange => [0, 9])]]
  if (low % unit === 0 && high % unit === unit - 1) return full(first, last)
  const under = (digit: number, from: number, to: number) =>
    digitRows(from % unit, to % unit, digits - 1).map((row): DigitRange[] => [[digit, digit], ...row])
  if (first === last) return under(first, low, high)
  return [
    ...under(first, low, (first + 1) * unit - 1),
    ...full(first + 1, last - 1),
    ...under(last, last * unit, high),
  ]
}

const classOf = ([from, to]: DigitRange): string => (from === to ? `[${from}]` : `[${from}-${to}]`)
