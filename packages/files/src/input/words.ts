// Words in text: the spans of a model's answer that each say one mask, and which language a text speaks.
import {
  type AnswerOptions,
  answerOnly,
  answerParts,
  describeRepair,
  type FoundInstance,
  type FoundRefinement,
  formatGetokRefinement,
  type GetokProblem,
  type GetokVocabulary,
  getokVocabulary,
  type LanguageSpan,
  maskDialect,
  misspeltGetokWords,
  misspeltWords,
  pairGetokOffsets,
  parseGetok,
  parseInLanguage,
  parseMaskLanguages,
  type SpanVocabularies,
  type SpanVocabulary,
  saidMasks,
  saysGetokWords,
  thoughtsOnly,
  type Vocabulary,
} from '@maskwords/words'
import { MaskwordsError } from '../error.ts'

export type FoundWords = {
  /** Whose words they are. */
  readonly language: Vocabulary['kind']
  /** `likely`: SAMTok and HiMTok could both have written them. */
  readonly certainty: 'certain' | 'likely'
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
  /** The language of the words; of several languages, that of the first mask. */
  readonly codec: Vocabulary['kind']
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
export function findGetokWords(text: string, n = 32, options: AnswerOptions = {}): TextReading {
  const vocabulary = getokVocabulary({ gridSize: n })
  const parts = answerParts(text, options)
  const { instances, refinements, problems } = parseGetok(answerOnly(text, parts), vocabulary)
  if (instances.length > MAX_MASKS_IN_TEXT) {
    throw tooMany(instances.length)
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
      language: 'getok',
      certainty: 'certain',
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
  outside.push(...problems.slice(problem))
  return {
    codec: 'getok',
    found,
    inThoughts,
    problems: outside.map((one) => (one.kind === 'misspelt' ? { ...one, kind: MISSPELT } : one)),
  }
}

const tooMany = (count: number) =>
  new MaskwordsError('too-large', `${count} masks in one text, more than ${MAX_MASKS_IN_TEXT}`, {
    hint: 'give one answer at a time',
  })

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

/** The kind of problem of words that were meant as words of a mask, and are in no mask. */
export const MISSPELT = 'misspelt mask word'

/** Words that were meant as words of a mask, as problems of a reading: of one language, or of any. */
export function misspelt(answer: string, language: 'any' | 'spans' = 'any'): TextReading['problems'] {
  const places = misspeltWords(answer)
  if (language === 'any') places.push(...misspeltGetokWords(answer))
  return places.sort((a, b) => a.start - b.start).map((place) => ({ kind: MISSPELT, ...place }))
}

function spanFound(text: string, span: LanguageSpan): FoundWords {
  const { language, certainty, start, end, codes, status } = span
  const repairs = span.repairs.map((repair) => ({
    kind: describeRepair(repair),
    start: repair.start,
    end: repair.end,
  }))
  return { language, certainty, start, end, words: text.slice(start, end), codes, status, repairs }
}

/** Finds the SAMTok or HiMTok words of an answer: one entry a span, thoughts left out. Time is linear in the text. */
function findSpanWords(
  text: string,
  vocabulary: SpanVocabulary | Omit<ReadWordsOptions, 'gridSize'>,
  options: AnswerOptions,
): TextReading {
  const parts = answerParts(text, options)
  const answer = answerOnly(text, parts)
  const spansOf = (said: string): readonly LanguageSpan[] =>
    'kind' in vocabulary
      ? parseInLanguage(said, vocabulary)
      : parseMaskLanguages(said, vocabulary, vocabulary)
  const spans = spansOf(answer)
  const hasThoughts = parts.thoughts.length > 0
  const codec =
    'kind' in vocabulary
      ? vocabulary.kind
      : (spans[0] ?? (hasThoughts ? spansOf(thoughtsOnly(text, parts))[0] : undefined))?.language
  return {
    codec: codec ?? 'samtok',
    found: spans.map((span) => spanFound(text, span)),
    inThoughts: hasThoughts ? saidMasks(thoughtsOnly(text, parts)).masks.length : 0,
    problems: misspelt(answer, 'spans'),
  }
}

/**
 * Finds the words of one vocabulary in an answer; spans that are spelled as another language's are rejected.
 * @throws MaskwordsError `too-large`, as findGetokWords
 */
export function findWords(text: string, vocabulary: Vocabulary, options: AnswerOptions = {}): TextReading {
  return vocabulary.kind === 'getok'
    ? findGetokWords(text, vocabulary.gridSize, options)
    : findSpanWords(text, vocabulary, options)
}

export type ReadWordsOptions = SpanVocabularies &
  AnswerOptions & {
    /** Cells a side of GETok's grid; default: the smallest published one that has every cell of the text. */
    readonly gridSize?: number
    /** The language of spans that SAMTok and HiMTok could both have written. Default: that of the others, else the likelier. */
    readonly prefer?: SpanVocabulary['kind']
  }

/**
 * Finds the words of all languages in an answer, each span in the language of its spelling, by place. `codec` is the language
 * of the first. Undefined where the text has none, thoughts included.
 */
export function readWords(text: string, options: ReadWordsOptions = {}): TextReading | undefined {
  const { gridSize, ...spans } = options
  const said = maskDialect(text) === undefined ? undefined : findSpanWords(text, spans, options)
  const drawn = saysGetokWords(text) ? readGrid(text, options) : undefined
  if (said === undefined || drawn === undefined) return said ?? drawn
  const found = [...said.found, ...drawn.found].sort((a, b) => a.start - b.start)
  if (found.length > MAX_MASKS_IN_TEXT) throw tooMany(found.length)
  return {
    codec: found[0]?.language ?? said.codec,
    found,
    inThoughts: said.inThoughts + drawn.inThoughts,
    problems: [...said.problems, ...drawn.problems].sort((a, b) => a.start - b.start),
  }
}

function readGrid(text: string, options: ReadWordsOptions): TextReading | undefined {
  const { gridSize } = options
  for (const n of gridSize === undefined ? GRID_SIZES : [gridSize]) {
    const reading = findGetokWords(text, n, options)
    const outside = [...reading.problems, ...reading.found.flatMap((one) => one.repairs)].some(
      (one) => one.kind === 'out-of-range',
    )
    const isLast = gridSize !== undefined || n === GRID_SIZES.at(-1)
    if (reading.found.length + reading.inThoughts > 0 && (!outside || isLast)) return reading
  }
  return undefined
}

/**
 * What the JSON of `encode --json` and `roundtrip --json` says of its words: whether the picture was turned by EXIF
 * (`picture.exif`), and their language. Nothing for any other text.
 */
export function statedOfWords(text: string): {
  readonly exif?: 'apply' | 'ignore'
  readonly language?: Vocabulary['kind']
} {
  if (!text.trimStart().startsWith('{')) return {}
  try {
    const { picture, language } = JSON.parse(text) as {
      picture?: { exif?: unknown } | null
      language?: unknown
    }
    const exif = picture?.exif
    return {
      ...((exif === 'apply' || exif === 'ignore') && { exif }),
      ...((language === 'samtok' || language === 'himtok' || language === 'getok') && { language }),
    }
  } catch {
    return {}
  }
}
