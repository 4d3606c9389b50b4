// A server's text and its tokens, brought together: ids first, text where there are none. Text comes cut anywhere, sometimes later than
// its tokens, and sometimes without the mask words, which a server took for special; ids know them all the same.
import type { SpanVocabulary, Vocabulary } from '@maskwords/words'
import { wordsOf } from '@maskwords/words'
import type { SaidPiece, SpanChoice } from '../answer-writer.ts'
import type { AnsweredToken, ChatChunk, ToldToken } from './chat-chunk.ts'
import { maskWordOf } from './chat-chunk.ts'

export type PieceReader = {
  push(chunk: Pick<ChatChunk, 'text' | 'tokens'>): SaidPiece[]
  end(): SaidPiece[]
  /** Mask words that the tokens had and the text had not. */
  readonly restored: number
}

/** Tokens behind a mask word that may come before its text: servers hold back text that may become a stop text. */
const MOST_WAITING = 32

type Queued = { readonly token: AnsweredToken; readonly word: { index: number; text: string } | undefined }

/** `stripped`: the server is known to take mask words out of its text, so that nothing is waited for. */
export function pieceReader(
  vocabulary: Vocabulary | undefined,
  options: { stripped?: boolean } = {},
): PieceReader {
  const words = new Map(
    vocabulary === undefined ? [] : wordsOf(vocabulary).map((word, index) => [word, index]),
  )
  const share =
    vocabulary === undefined || vocabulary.kind === 'getok' ? undefined : wordShares(vocabulary, words)
  let text = ''
  let queue: Queued[] = []
  let restored = 0

  const said = (piece: string, tokens: readonly Queued[]): SaidPiece => {
    const word = tokens.length === 1 ? tokens[0]!.word : undefined
    for (const one of tokens) if (one.word === undefined) share?.leave()
    const shared = word === undefined ? undefined : share?.of(word.index, tokens[0]!.token)
    return {
      text: piece,
      tokens: tokens.map(({ token }, i) => ({
        id: token.id,
        // Where single texts are not told, the first token stands for all.
        text: tokens.length === 1 ? piece : (token.text ?? (i === 0 ? piece : '')),
        logprob: token.logprob,
      })),
      spanLogprob: shared?.logprob,
      ...(shared?.choices !== undefined && { spanChoices: shared.choices }),
    }
  }

  /** How much of the text belongs to tokens before a word that is not in it: by their own texts, else all of it. */
  const before = (tokens: readonly Queued[]): number => {
    const own = tokens.map(({ token }) => token.text)
    const joined = own.every((one) => one !== undefined) ? own.join('') : undefined
    return joined !== undefined && text.startsWith(joined) ? joined.length : text.length
  }

  const take = (last: boolean): SaidPiece[] => {
    const out: SaidPiece[] = []
    for (;;) {
      const at = queue.findIndex(({ word }) => word !== undefined)
      if (at < 0) {
        if (text !== '' || queue.length > 0) out.push(said(text, queue))
        text = ''
        queue = []
        return out
      }
      const word = queue[at]!.word!.text
      const found = text.indexOf(word)
      if (found >= 0) {
        // Blanks between the words of a mask are the detokenizer's: they stay with the word, and the mask's parser skips them.
        const own = at === 0 && text.slice(0, found).trim() === ''
        if (at > 0 || (found > 0 && !own)) out.push(said(text.slice(0, found), queue.slice(0, at)))
        out.push(said(own ? text.slice(0, found) + word : word, [queue[at]!]))
        text = text.slice(found + word.length)
        queue = queue.slice(at + 1)
        continue
      }
      // Until enough has come in its place: text may lag behind its tokens.
      const waits = !last && options.stripped !== true && queue.length - at <= MOST_WAITING
      if (waits) return out
      const length = at === 0 ? 0 : before(queue.slice(0, at))
      if (at > 0) out.push(said(text.slice(0, length), queue.slice(0, at)))
      out.push(said(word, [queue[at]!]))
      restored++
      text = text.slice(length)
      queue = queue.slice(at + 1)
    }
  }

  return {
    push(chunk) {
      if (chunk.tokens.length === 0 && queue.length === 0) {
        const only = { id: -1, text: chunk.text, logprob: undefined }
        return chunk.text === '' ? [] : [{ text: chunk.text, tokens: [only], spanLogprob: undefined }]
      }
      text += chunk.text
      for (const token of chunk.tokens) {
        queue.push({
          token,
          word: vocabulary === undefined ? undefined : maskWordOf(token, vocabulary, words),
        })
      }
      return take(false)
    },
    end: () => take(true),
    get restored() {
      return restored
    },
  }
}

/** A word's share, and those of the words that a server tells of at its place; without a number where it tells none. */
type SpanShare = { readonly logprob?: number; readonly choices?: readonly SpanChoice[] }

/**
 * Shares of mask words among the words that could stand at their place. What a server tells of the most probable tokens is enough:
 * the share is the word's probability over all that is not known to be of other tokens.
 */
function wordShares(vocabulary: SpanVocabulary, words: ReadonlyMap<string, number>) {
  const samtok = vocabulary.kind === 'samtok'
  const [start, end, firstCode] = samtok ? [0, vocabulary.wordCount - 1, 1] : [0, 1, 2]
  const least = samtok ? vocabulary.levels : 1
  const most = samtok ? vocabulary.levels : vocabulary.maxLength
  /** Codes said of the open mask; undefined outside masks. */
  let codes: number | undefined

  const fits = (index: number): boolean => {
    if (codes === undefined) return false
    if (index === end) return codes >= least
    if (index === start || codes >= most) return false
    return !samtok || Math.floor((index - firstCode) / vocabulary.codesPerLevel) === codes
  }
  return {
    leave() {
      codes = undefined
    },
    of(index: number, token: AnsweredToken): SpanShare {
      if (index === start) {
        codes = 0
        return {}
      }
      if (!fits(index)) {
        codes = undefined
        return {}
      }
      const wordOf = (other: ToldToken) => maskWordOf(other, vocabulary, words)?.index
      const isElsewhere = (other: ToldToken): boolean => {
        const word = wordOf(other)
        return word === undefined ? other.text !== undefined || other.id >= 0 : !fits(word)
      }
      const only = index === end && codes! >= most
      const elsewhere = token.top.filter(isElsewhere)
      const here = token.top.flatMap((other): SpanChoice[] => {
        const word = wordOf(other)
        return word === undefined || !fits(word) || other.logprob === undefined
          ? []
          : [{ word, logprob: other.logprob }]
      })
      codes = index === end ? undefined : codes! + 1
      if (only) return { logprob: 0 }
      if (token.logprob === undefined) return {}
      const mass = elsewhere.reduce(
        (sum, { logprob }) => sum + Math.exp(logprob ?? Number.NEGATIVE_INFINITY),
        0,
      )
      // Rounded numbers may leave less than the word itself has.
      const left = Math.log(Math.max(1 - mass, Math.exp(token.logprob), Number.MIN_VALUE))
      const shareOf = (logprob: number) => Math.min(0, logprob - left)
      const others = here.filter(({ word }) => word !== index)
      return {
        logprob: shareOf(token.logprob),
        choices: [{ word: index, logprob: token.logprob }, ...others].map(({ word, logprob }) => ({
          word,
          logprob: shareOf(logprob),
        })),
      }
    },
  }
}
