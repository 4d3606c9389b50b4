// How Compare shows a region: kept while other views are open, and in the address as `whole,linear`; the defaults are not
// said.

import { urlPartOf } from '@maskwords/board/state/url.ts'
import { create } from 'zustand'
import type { Axis } from './rate.ts'

export type Choice = {
  /** The whole picture instead of what is around the region. */
  readonly whole: boolean
  /** Of the bits of the rate curve. */
  readonly axis: Axis
}

export const useChoice = create<Choice>(() => ({ whole: false, axis: 'log' }))

export function formatChoice({ whole, axis }: Choice): string | undefined {
  const words = [...(whole ? ['whole'] : []), ...(axis === 'linear' ? ['linear'] : [])]
  return words.length === 0 ? undefined : words.join(',')
}

/** What an address says; words that it does not know change nothing. */
export function parseChoice(text: string): Choice {
  const words = text.split(',')
  return { whole: words.includes('whole'), axis: words.includes('linear') ? 'linear' : 'log' }
}

export const registerChoiceInUrl = urlPartOf(useChoice, {
  key: 'compare',
  write: formatChoice,
  read: (text) => useChoice.setState(parseChoice(text)),
})
