// Words in text: the spans of a model's answer that each say one mask, and which language a text speaks.
import {
  describeRepair,
  type FoundInstance,
  type GetokParse,
  getokVocabulary,
  himtokVocabulary,
  maskDialect,
  parseGetok,
  parseMaskWords,
  samtokVocabulary,
} from '@maskwords/words'

export type FoundWords = {
  readonly label?: string
  /** Place in the text, in characters. */
  readonly start: number
  readonly end: number
  /** What `decode` of the codec takes. */
  readonly words: string
  readonly codes: readonly number[]
  readonly status: 'complete' | 'repaired' | 'rejected'
  readonly repairs: readonly { readonly kind: string; readonly start: number; readonly end: number }[]
}

export type TextReading = {
  readonly codec: 'getok' | 'samtok' | 'himtok'
  readonly found: readonly FoundWords[]
  /** Problems that belong to no span. */
  readonly problems: readonly { readonly kind: string; readonly start: number; readonly end: number }[]
}

/** Grid sizes that published GETok models use; the smallest that holds every cell of a text is the likely one. */
const GRID_SIZES = [16, 32, 64, 128]

/** Finds the GETok words of a text: one entry an object, its refinement included. Never throws on any text. */
export function findGetokWords(text: string, n = 32): TextReading {
  const parse = parseGetok(text, getokVocabulary({ gridSize: n }))
  const found = parse.instances.map((instance, k) => ofInstance(text, parse, instance, k))
  const inside = (place: number) => found.some((words) => place >= words.start && place <= words.end)
  const problems = parse.problems.filter((problem) => !inside(problem.start))
  return { codec: 'getok', found, problems }
}

function ofInstance(text: string, parse: GetokParse, instance: FoundInstance, k: number): FoundWords {
  const { start } = instance
  const refinement = refinementOf(text, parse, k)
  const statuses = instance.geometries.map((geometry) => geometry.status)
  const end = refinement?.own ? refinement.end : instance.end
  const repairs = parse.problems.filter((problem) => problem.start >= start && problem.start <= end)
  const status = statuses.includes('rejected')
    ? 'rejected'
    : repairs.length > 0 || statuses.includes('repaired')
      ? 'repaired'
      : 'complete'
  const said = text.slice(start, instance.end)
  return {
    ...(instance.label !== undefined && { label: instance.label }),
    start,
    end,
    words: refinement === undefined ? said : `${said}\n${refinement.words}`,
    codes: instance.geometries.flatMap((geometry) => geometry.codes),
    status,
    repairs,
  }
}

/** The offsets of object `k`: its own <offset> block, or its line of one block for all. */
function refinementOf(
  text: string,
  parse: GetokParse,
  k: number,
): { words: string; own: boolean; end: number } | undefined {
  const { instances, refinements } = parse
  const from = instances[k]!.end
  const to = instances[k + 1]?.start ?? text.length
  const own = refinements.find((one) => one.start >= from && one.end <= to)
  if (own !== undefined && (own.instances.length <= 1 || instances.length === 1)) {
    return { words: text.slice(own.start, own.end), own: true, end: own.end }
  }
  const shared = refinements.find((one) => one.instances.length === instances.length)
  const line = shared?.instances[k]
  if (line === undefined) return undefined
  return { words: `<offset>${text.slice(line.start, line.end)}</offset>`, own: false, end: from }
}

/** Recognises the language of a text by its words and finds them; undefined where the text has none. */
export function readWords(text: string): TextReading | undefined {
  const dialect = maskDialect(text)
  if (dialect !== undefined) {
    const vocabulary = dialect.kind === 'samtok' ? samtokVocabulary() : himtokVocabulary()
    const { spans } = parseMaskWords(text, vocabulary)
    const found = spans.map((span) => ({
      start: span.start,
      end: span.end,
      words: text.slice(span.start, span.end),
      codes: span.codes,
      status: span.status,
      repairs: span.repairs.map((repair) => ({
        kind: describeRepair(repair),
        start: repair.start,
        end: repair.end,
      })),
    }))
    return { codec: dialect.kind, found, problems: [] }
  }
  for (const n of GRID_SIZES) {
    const reading = findGetokWords(text, n)
    const outside = [...reading.problems, ...reading.found.flatMap((one) => one.repairs)].some(
      (one) => one.kind === 'out-of-range',
    )
    if (reading.found.length > 0 && (!outside || n === GRID_SIZES.at(-1))) return reading
  }
  return undefined
}
