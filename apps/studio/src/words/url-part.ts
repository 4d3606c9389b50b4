// The panel's part of the address: `length:12,offsets:1,show:himtok,samtok:137/22`.

import { CODECS, type CodecId } from '@maskwords/board/state/types.ts'
import { urlPartOf } from '@maskwords/board/state/url.ts'
import { HIMTOK_WORDS, useWords, type WordsState } from './cards.ts'
import { restoreCodes, setLength } from './speaker.ts'

export type WordsInUrl = {
  readonly length?: number
  readonly refine?: boolean
  /** Codes that a person has edited, of the selected region. */
  readonly codes: Readonly<Partial<Record<CodecId, readonly number[]>>>
}

export function formatWords({
  length,
  refine,
  onPicture,
  cards,
}: Pick<WordsState, 'length' | 'refine' | 'onPicture' | 'cards'>): string {
  const pairs: string[] = []
  if (length !== HIMTOK_WORDS) pairs.push(`length:${length}`)
  if (refine) pairs.push('offsets:1')
  if (onPicture !== 'samtok') pairs.push(`show:${onPicture ?? 'none'}`)
  for (const codec of CODECS) {
    const card = cards[codec]
    if (card?.edited) pairs.push(`${codec}:${card.codes.join('/')}`)
  }
  return pairs.join(',')
}

/** Reads what an address says; parts that make no sense are left out. */
export function parseWords(text: string): WordsInUrl & { readonly show?: CodecId | 'none' } {
  let found: WordsInUrl & { show?: CodecId | 'none' } = { codes: {} }
  const isCodec = (word: string): word is CodecId => (CODECS as readonly string[]).includes(word)
  for (const pair of text.split(',')) {
    const [key = '', value = ''] = pair.split(':')
    if (key === 'length' && /^\d{1,2}$/.test(value)) {
      const length = Number(value)
      if (length >= 1 && length <= HIMTOK_WORDS) found = { ...found, length }
    } else if (key === 'offsets') found = { ...found, refine: value === '1' }
    else if (key === 'show' && (isCodec(value) || value === 'none')) found = { ...found, show: value }
    else if (isCodec(key) && /^-?\d{1,5}(?:\/-?\d{1,5}){0,1023}$/.test(value)) {
      found = { ...found, codes: { ...found.codes, [key]: value.split('/').map(Number) } }
    }
  }
  return found
}

export const registerWordsInUrl = urlPartOf(useWords, {
  key: 'words',
  write: (state) => formatWords(state) || undefined,
  read(text) {
    const { length, refine, show, codes } = parseWords(text)
    if (length !== undefined) setLength(length)
    if (refine !== undefined) useWords.setState({ refine })
    if (show !== undefined) useWords.setState({ onPicture: show === 'none' ? undefined : show })
    for (const codec of CODECS) {
      const edited = codes[codec]
      if (edited !== undefined) restoreCodes(codec, edited)
    }
  },
})
