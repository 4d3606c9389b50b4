// From pieces of text to an answer: stop texts, masks as they are said.
import type { MaskEvent, MaskSpan, MaskStream, Vocabulary } from '@maskwords/words'
import { answerParts, formatMaskWords, liesIn, maskStream, parseGetok } from '@maskwords/words'
import type { CodesFound, Finish } from './generate.ts'
import type { Answer, AnswerEvent, AnswerMask, AnswerToken, MaskAlternative, Usage } from './model.ts'

/** Whole characters, and the tokens that they came with. */
export type SaidPiece = {
  readonly text: string
  readonly tokens: readonly AnswerToken[]
  /** Logarithm of a mask word's share among the words that could stand at its place; undefined where it is not known. */
  readonly spanLogprob: number | undefined
  /** Mask words that could stand in its place, with the logarithms of their shares: as far as a server tells of them. */
  readonly spanChoices?: readonly SpanChoice[]
}

/** A mask word by its place in the vocabulary. */
export type SpanChoice = { readonly word: number; readonly logprob: number }

export type AnswerWriter = {
  /** Takes a piece; true where a stop text has been said. */
  piece(said: SaidPiece, alternatives?: (count: number) => Promise<CodesFound[]>): Promise<boolean>
  /** The last events, and the whole; `rest` is text that belongs to the last token. */
  end(finish: Finish, usage: Usage, more?: { rest?: string; notes?: NotesOf }): Answer
}

/** What there is to say of an answer whose masks and text are known. */
export type NotesOf = (masks: readonly AnswerMask[], text: string) => readonly string[]

export type AnswerWriterOptions = {
  readonly vocabulary: Vocabulary | undefined
  readonly stop: readonly string[]
  /** Whether the prompt ended inside of a thought. */
  readonly thoughtOpen?: boolean
  /** Masks to name beside each one. */
  readonly alternatives: number
  readonly emit: (event: AnswerEvent) => void
}

/** Length of the longest end of `text` that a stop text begins with. */
function stopBegun(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length
    }
  }
  return longest
}

/** Writes one answer. */
export function answerWriter(options: AnswerWriterOptions): AnswerWriter {
  const { vocabulary, emit } = options
  const stops = options.stop.filter((text) => text !== '')
  const spans: MaskStream | undefined =
    vocabulary !== undefined && vocabulary.kind !== 'getok' ? maskStream(vocabulary) : undefined
  const tokens: AnswerToken[] = []
  const masks: AnswerMask[] = []
  let text = ''
  let held = ''
  let stopped = false
  /** Logarithms of the words of the open mask; undefined once one of them is not known. */
  let spanLogprob: number | undefined = 0

  const release = (piece: string): MaskEvent[] => {
    text += piece
    if (spans !== undefined) return spans.push(piece)
    if (piece !== '') emit({ type: 'text', text: piece })
    return []
  }

  const maskOf = (span: MaskSpan, alternatives: readonly MaskAlternative[] | undefined): AnswerMask => {
    const logprob = span.status === 'complete' ? spanLogprob : undefined
    return {
      index: masks.length,
      start: span.start,
      end: span.end,
      status: span.status,
      codes: span.codes,
      text: text.slice(span.start, span.end),
      logprob,
      probability: logprob === undefined ? undefined : Math.exp(logprob),
      ...(alternatives === undefined ? {} : { alternatives }),
    }
  }

  /** Gives on what the stream of spans says; `alternatives` where the last token closed a mask. */
  const pass = (
    events: readonly MaskEvent[],
    said: SaidPiece | undefined,
    found: CodesFound[] | undefined,
  ): void => {
    for (const [k, event] of events.entries()) {
      if (event.type === 'text') emit({ type: 'text', text: event.text })
      else if (event.type === 'span-start') {
        // The start word's own probability is not the mask's; of a piece that says more than that word nothing is known.
        const alone = k === events.length - 1 && said !== undefined && said.spanLogprob === undefined
        spanLogprob = alone ? 0 : undefined
        emit({ type: 'mask-start', index: masks.length })
      } else if (event.type === 'code') {
        const word = text.slice(event.start, event.end)
        emit({ type: 'mask-word', index: masks.length, text: word, logprob: said?.spanLogprob })
      } else if (event.type === 'span-end') {
        const mask = maskOf(
          event.span,
          found?.map((one) => alternativeOf(one, vocabulary!)),
        )
        masks.push(mask)
        emit({ type: 'mask', mask })
      }
    }
  }

  return {
    async piece(said, alternatives) {
      tokens.push(...said.tokens)
      // Behind text that was held back as the beginning of a stop text, words come late: whose share is whose is not known.
      const share = held === '' ? said.spanLogprob : undefined
      held += said.text
      const stop = stops.map((one) => held.indexOf(one)).filter((at) => at >= 0)
      stopped = stop.length > 0
      const until = stopped ? Math.min(...stop) : held.length - stopBegun(held, stops)
      const piece = held.slice(0, until)
      held = stopped ? '' : held.slice(until)
      const events = release(piece)
      const closes = events.some((event) => event.type === 'span-end' && event.span.status === 'complete')
      spanLogprob = spanLogprob === undefined || share === undefined ? undefined : spanLogprob + share
      const wanted = closes && options.alternatives > 0
      pass(events, said, wanted ? await alternatives?.(options.alternatives) : undefined)
      return stopped
    },
    end(finish, usage, { rest = '', notes } = {}) {
      if (!stopped && held + rest !== '') pass(release(held + rest), undefined, undefined)
      if (spans !== undefined) pass(spans.end().events, undefined, undefined)
      if (vocabulary?.kind === 'getok') {
        for (const mask of getokMasks(text)) {
          masks.push(mask)
          emit({ type: 'mask', mask })
        }
      }
      const { thoughts } = answerParts(text, options)
      const placed = masks.map((mask) =>
        liesIn(thoughts, mask) ? { ...mask, inThought: true as const } : mask,
      )
      const said = notes?.(placed, text) ?? []
      const answer: Answer = {
        text,
        tokens,
        masks: placed,
        ...(options.thoughtOpen === true && { thoughtOpen: true as const }),
        finish,
        usage,
        ...(said.length > 0 && { notes: said }),
      }
      emit({ type: 'end', answer })
      return answer
    },
  }

  function getokMasks(whole: string): AnswerMask[] {
    if (vocabulary?.kind !== 'getok') return []
    const found = parseGetok(whole, vocabulary, options).instances.flatMap(({ geometries }) => geometries)
    return found.map(({ start, end, status, codes }, index) => ({
      index,
      start,
      end,
      status,
      codes: status === 'rejected' ? [] : codes,
      text: whole.slice(start, end),
      logprob: undefined,
      probability: undefined,
    }))
  }
}

/** Codes of a vocabulary from token ids. */
function alternativeOf(found: CodesFound, vocabulary: Vocabulary): MaskAlternative {
  if (vocabulary.kind === 'getok') throw new Error('GETok has no spans')
  const words = found.ids.map((id) => vocabulary.tokenIds!.toWord.get(id)!)
  // SAMTok's codes stand behind its start word, HiMTok's behind start and end.
  const codes = words.map((word) =>
    vocabulary.kind === 'samtok' ? (word - 1) % vocabulary.codesPerLevel : word - 2,
  )
  return {
    codes,
    text: formatMaskWords(codes, vocabulary),
    logprob: found.logprob,
    probability: Math.exp(found.logprob),
  }
}
