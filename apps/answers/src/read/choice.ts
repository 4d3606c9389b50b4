// Which words Read takes an answer for, where a person said so: kept while other views are open, and in the address as
// `samtok`, `himtok` or `getok`.

import { CODECS, type CodecId } from '@maskwords/board/state/types.ts'
import { urlPartOf } from '@maskwords/board/state/url.ts'
import { create } from 'zustand'

export type Choice = {
  /** Undefined: the spelling says. */
  readonly codec: CodecId | undefined
}

export const useChoice = create<Choice>(() => ({ codec: undefined }))

/** What an address says; undefined where it is no codec's name. */
export const parseChoice = (text: string): CodecId | undefined => CODECS.find((codec) => codec === text)

export const registerChoiceInUrl = urlPartOf(useChoice, {
  key: 'read',
  write: ({ codec }) => codec,
  read: (text) => useChoice.setState({ codec: parseChoice(text) }),
})
