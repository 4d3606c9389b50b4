// Which words Read takes an answer for, where a person said so: kept while other views are open, and in the address as
// `samtok`, `himtok` or `getok`.
import { create } from 'zustand'
import { CODECS, type CodecId } from '../state/types.ts'
import { registerUrlPart, urlChanged } from '../state/url.ts'

export type Choice = {
  /** Undefined: the spelling says. */
  readonly codec: CodecId | undefined
}

export const useChoice = create<Choice>(() => ({ codec: undefined }))

/** What an address says; undefined where it is no codec's name. */
export const parseChoice = (text: string): CodecId | undefined => CODECS.find((codec) => codec === text)

let registered = false

/** Adds the part of the address once; a page keeps it as long as it lives. */
export function registerChoiceInUrl(): void {
  if (registered) return
  registered = true
  useChoice.subscribe(urlChanged)
  registerUrlPart({
    key: 'read',
    write: () => useChoice.getState().codec,
    read: (text) => useChoice.setState({ codec: parseChoice(text) }),
  })
}
