// Words in text: the spans of a model's answer that each say one mask, and which language a text speaks.
import {
  answerOnly,
  answerParts,
  describeRepair,
  type FoundInstance,
  type FoundRefinement,
  formatGetokRefinement,
  type GetokProblem,
  type GetokVocabulary,
  getokVocabulary,
  himtokVocabulary,
  maskDialect,
  misspeltWords,
  pairGetokOffsets,
  parseGetok,
  parseMaskWords,
  type SpanVocabulary,
  saidMasks,
  samtokVocabulary,
  thoughtsOnly,
  type Vocabulary,
} from '@maskwords/words'
import { MaskwordsError } from '../error.ts'

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
  /** Masks that stand in thoughts, and are not found: a thought is no answer. */
  readonly inThoughts: number
  /** Problems that belong to no span. */
  readonly problems: readonly { readonly kind: string; readonly start: number; readonly end: number }[]
}

/** Grid sizes that published GETok models use; the smallest that holds every cell of a text is the likely one. */
const GRID_SIZES = [16, 32, 64, 128]

/** Masks of one text. An answer has some ten; a whole log of a benchmark, some thousand. */
export const MAX_MASKS_IN_TEXT = 10_000

/**
 * Finds the GETok words of an answer: one entry an object, its refinement included. Words of thoughts are left out. Time is
 * linear in the text.
 * @throws MaskwordsError `too-large` for more than MAX_MASKS_IN_TEXT objects; nothing else, whatever the text
 */
export function findGetokWords(text: string, n = 32): TextReading {
  const vocabulary = getokVocabulary({ gridSize: n })
  const parts = answerParts(text)
  const { instances, refinements, problems } = parseGetok(answerOnly(text, parts), vocabulary)
  if (instances.length > MAX_MASKS_IN_TEXT) {
    throw new MaskwordsError(
      'too-large',
      `${instances.length} masks in one text, more than ${MAX_MASKS_IN_TEXT}`,
      {
        hint: 'give one answer at a time',
      },
    )
  }
  const shared = sharedOffsets(instances, refinements, vocabulary)
  const found: FoundWords[] = []
  const outside: GetokProblem[] = []
  let refinement = 0
  let problem = 0
  instances.forEach((instance, k) => {
    // The label is not part of the words.
    const start = instance.geometries[0]!.start
    const limit = instances[k + 1]?.start ?? text.length
    while (refinement < refinements.length && refinements[refinement]!.start < instance.end) refinement++
    const next = refinements[refinement]
    const own = next !== undefined && next.end <= limit && shared === undefined ? next : undefined
    const end = own?.end ?? instance.end
    const said = text.slice(start, instance.end)
    const offsets = own === undefined ? shared?.[k] : text.slice(own.start, own.end)
    const repairs: GetokProblem[] = []
    for (; problem < problems.length && problems[problem]!.start <= end; problem++) {
      if (problems[problem]!.start >= start) repairs.push(problems[problem]!)
      else outside.push(problems[problem]!)
    }
    const statuses = instance.geometries.map((geometry) => geometry.status)
    const repaired = repairs.length > 0 || statuses.includes('repaired')
    found.push({
      ...(instance.label !== undefined && { label: instance.label }),
      start,
      end,
      words: offsets === undefined ? said : `${said}\n${offsets}`,
      codes: instance.geometries.flatMap((geometry) => geometry.codes),
      status: statuses.includes('rejected') ? 'rejected' : repaired ? 'repaired' : 'complete',
      repairs,
    })
  })
  const inThoughts =
    parts.thoughts.length === 0 ? 0 : parseGetok(thoughtsOnly(text, parts), vocabulary).instances.length
  return { codec: 'getok', found, inThoughts, problems: [...outside, ...problems.slice(problem)] }
}

/** Where one block of offsets mirrors several objects, the part of each: one offset word for each grid word, in order. */
function sharedOffsets(
  instances: readonly FoundInstance[],
  refinements: readonly FoundRefinement[],
  vocabulary: GetokVocabulary,
): string[] | undefined {
  const [block] = refinements
  if (block === undefined || refinements.length > 1 || instances.length < 2) return undefined
  const paired = pairGetokOffsets(instances, block)
  if (!paired.ok) return undefined
  let next = 0
  return instances.map(({ geometries }) => {
    const moves = paired.geometries.slice(next, (next += geometries.length))
    return formatGetokRefinement(
      moves.map((geometry) => ({ kind: geometry.kind, codes: geometry.moves })),
      vocabulary,
    )
  })
}

/** Words that were meant as mask words, as problems of a reading. */
export function misspelt(answer: string): TextReading['problems'] {
  return misspeltWords(answer).map((place) => ({ kind: 'misspelt mask word', ...place }))
}

/** Finds the SAMTok or HiMTok words of an answer: one entry a span, thoughts left out. Time is linear in the text. */
function findSpanWords(text: string, vocabulary: SpanVocabulary): TextReading {
  const parts = answerParts(text)
  const answer = answerOnly(text, parts)
  const { spans } = parseMaskWords(answer, vocabulary)
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
  const inThoughts = parts.thoughts.length === 0 ? 0 : saidMasks(thoughtsOnly(text, parts)).masks.length
  return { codec: vocabulary.kind, found, inThoughts, problems: misspelt(answer) }
}

/** Finds the words of one vocabulary in an answer. @throws MaskwordsError `too-large`, as findGetokWords */
export function findWords(text: string, vocabulary: Vocabulary): TextReading {
  return vocabulary.kind === 'getok'
    ? findGetokWords(text, vocabulary.gridSize)
    : findSpanWords(text, vocabulary)
}

/** Recognises the language of an answer by its words and finds them; undefined where the text has none, thoughts included. */
export function readWords(text: string): TextReading | undefined {
  const dialect = maskDialect(answerOnly(text)) ?? maskDialect(text)
  if (dialect !== undefined) {
    return findSpanWords(text, dialect.kind === 'samtok' ? samtokVocabulary() : himtokVocabulary())
  }
  for (const n of GRID_SIZES) {
    const reading = findGetokWords(text, n)
    const outside = [...reading.problems, ...reading.found.flatMap((one) => one.repairs)].some(
      (one) => one.kind === 'out-of-range',
    )
    if (reading.found.length + reading.inThoughts > 0 && (!outside || n === GRID_SIZES.at(-1))) return reading
  }
  return undefined
}

/**
 * Whether the picture was turned by EXIF where words were made: `picture.exif` of what `encode --json` and `roundtrip
 * --json` print. Undefined for any other text.
 */
export function exifOfWords(text: string): 'apply' | 'ignore' | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    const { picture } = JSON.parse(text) as { picture?: { exif?: unknown } | null }
    const exif = picture?.exif
    return exif === 'apply' || exif === 'ignore' ? exif : undefined
  } catch {
    return undefined
  }
}
