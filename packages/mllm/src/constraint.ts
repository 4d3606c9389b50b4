// One machine for all backends: which tokens may come next so that a mask is only ever said whole. Definition: ours; the modes are
// those of `MaskConstraint`, the spans those of the codecs (docs/words.md).
import type { SpanVocabulary, Vocabulary } from '@maskwords/words'
import { MllmError } from './error.ts'
import type { MaskConstraint } from './model.ts'

/** One state; ids that end a turn are not in its lists. */
export type ConstraintState = {
  /** Ids that may come and where each list leads. */
  readonly moves: readonly { readonly ids: readonly number[]; readonly to: number }[]
  /** Where every other id leads, but those in `refused`; undefined where no other id may come. */
  readonly others: number | undefined
  readonly refused: readonly number[]
  /** Whether the turn may end here. */
  readonly mayEnd: boolean
}

export type ConstraintMachine = { readonly states: readonly ConstraintState[]; readonly start: number }

/** Spans that a 'count' constraint may ask for: more than the longest published answer has (scene graphs, 100). */
export const MAX_COUNTED_MASKS = 1000

/** Ids of a vocabulary whose masks stand between start and end words. */
export type SpanIds = {
  readonly start: number
  readonly end: number
  /** Codes that may stand at each place; HiMTok has one list for all places. */
  readonly levels: readonly (readonly number[])[]
  /** Codes after which a span may end. */
  readonly least: number
}

/**
 * The ids of a vocabulary's span.
 * @throws MllmError `wrong-words` where the tokenizer lacks words of it.
 */
export function spanIds(vocabulary: SpanVocabulary): SpanIds {
  const ofWord = vocabulary.tokenIds?.ofWord
  if (ofWord === undefined) {
    throw new MllmError('wrong-words', `the ids of the ${vocabulary.kind} words are not known`)
  }
  const level = (from: number, count: number) =>
    Array.from(ofWord.subarray(from, from + count)).filter((id) => id >= 0)
  const samtok = vocabulary.kind === 'samtok'
  // SAMTok: start, codes, end; HiMTok: start, end, codes.
  const [start, end] = [ofWord[0]!, samtok ? ofWord[vocabulary.wordCount - 1]! : ofWord[1]!]
  const levels = samtok
    ? Array.from({ length: vocabulary.levels }, (_, i) =>
        level(1 + i * vocabulary.codesPerLevel, vocabulary.codesPerLevel),
      )
    : new Array<number[]>(vocabulary.maxLength).fill(level(2, vocabulary.codes))
  if (start < 0 || end < 0 || levels.some((ids) => ids.length === 0)) {
    throw new MllmError(
      'wrong-words',
      `the tokenizer lacks words of ${vocabulary.kind}, so no mask can be said whole`,
      {
        hint: 'maskwords extend-vocab adds them',
      },
    )
  }
  return { start, end, levels, least: samtok ? vocabulary.levels : 1 }
}

/**
 * The machine of a constraint, or undefined where nothing is imposed.
 * @throws MllmError `wrong-words` for masks without a vocabulary or with one whose masks have no end word; `argument` for counts.
 */
export function constraintMachine(
  constraint: MaskConstraint,
  vocabulary: Vocabulary | undefined,
): ConstraintMachine | undefined {
  if (constraint.mode === 'off') return undefined
  if (vocabulary === undefined || vocabulary.kind === 'getok') {
    // GETok's masks are words in a row: each is whole by itself.
    if (constraint.mode === 'free') return undefined
    throw new MllmError(
      'wrong-words',
      vocabulary === undefined
        ? 'the model has no mask words, so it cannot be made to say masks'
        : `the number of masks cannot be imposed on GETok's words`,
      { hint: vocabulary === undefined ? 'maskwords extend-vocab adds them' : 'ask with { mode: "free" }' },
    )
  }
  const span = spanIds(vocabulary)
  if (constraint.mode === 'forced') return countedMachine(span, 1, false)
  if (constraint.mode !== 'count') {
    const states: ConstraintState[] = []
    states.push({ moves: [{ ids: [span.start], to: 1 }], others: 0, refused: [], mayEnd: true })
    addSpan(states, span, 0)
    return { states, start: 0 }
  }
  const { masks } = constraint
  if (!Number.isInteger(masks) || masks < 0 || masks > MAX_COUNTED_MASKS) {
    throw new MllmError(
      'argument',
      `${masks} masks are asked for; a whole number up to ${MAX_COUNTED_MASKS} is wanted`,
    )
  }
  return countedMachine(span, masks, true)
}

/** Text (where `text`) with exactly `masks` spans. */
function countedMachine(span: SpanIds, masks: number, text: boolean): ConstraintMachine {
  const states: ConstraintState[] = []
  // The state behind k masks; spans lie between them.
  const step = 1 + span.levels.length + 1
  // Words of masks that stand alone would be read as masks too.
  const strays = [...new Set([...span.levels.flat(), span.end])]
  for (let k = 0; k <= masks; k++) {
    const here = states.length
    const last = k === masks
    states.push({
      moves: last ? [] : [{ ids: [span.start], to: here + 1 }],
      others: text ? here : undefined,
      refused: last ? [span.start, ...strays] : strays,
      mayEnd: last,
    })
    if (!last) addSpan(states, span, here + step)
  }
  return { states, start: 0 }
}

/** The states inside a span, which begin at the next free number; the end word leads to `after`. */
function addSpan(states: ConstraintState[], { levels, end, least }: SpanIds, after: number): void {
  const first = states.length
  levels.forEach((ids, i) => {
    const moves: { ids: readonly number[]; to: number }[] = [{ ids, to: first + i + 1 }]
    if (i >= least) moves.push({ ids: [end], to: after })
    states.push({ moves, others: undefined, refused: [], mayEnd: false })
  })
  states.push({ moves: [{ ids: [end], to: after }], others: undefined, refused: [], mayEnd: false })
}

/** Follows a machine token by token. */
export type ConstraintWalk = {
  /** Ids that may come, or undefined where all may but `refused`. */
  allowed(): readonly number[] | undefined
  refused(): readonly number[]
  mayEnd(): boolean
  /** Takes a step. Ids that the machine refuses leave it where it is. */
  take(id: number): void
}

export function walk(machine: ConstraintMachine): ConstraintWalk {
  let at = machine.start
  const here = () => machine.states[at]!
  return {
    allowed() {
      const { moves, others } = here()
      return others === undefined ? moves.flatMap(({ ids }) => ids) : undefined
    },
    refused: () => here().refused,
    mayEnd: () => here().mayEnd,
    take(id) {
      const { moves, others, refused } = here()
      const move = moves.find(({ ids }) => ids.includes(id))
      if (move) at = move.to
      else if (others !== undefined && !refused.includes(id)) at = others
    },
  }
}
