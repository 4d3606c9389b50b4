// Which codebook is looked at: kept while other views are open, and in the address as `samtok:1` or `himtok:3:27` (codec,
// word from 1, code).

import { urlPartOf } from '@maskwords/board/state/url.ts'
import { create } from 'zustand'

export const CODEBOOKS = {
  samtok: { title: 'SAMTok', places: 2, codes: 256 },
  himtok: { title: 'HiMTok', places: 32, codes: 1024 },
} as const
export type Codec = keyof typeof CODEBOOKS

export type Choice = {
  readonly codec: Codec
  /** The word of a mask, from 0. */
  readonly place: number
  /** Undefined until one is chosen. */
  readonly code: number | undefined
  /** SAMTok decodes on the open picture instead of a grey one. */
  readonly onPicture: boolean
  /** Codes are shaded by use. */
  readonly shaded: boolean
}

const START: Choice = { codec: 'samtok', place: 0, code: undefined, onPicture: false, shaded: false }

export const useChoice = create<Choice>(() => START)

/** Another codec or word has other codes. */
export const chooseBook = (codec: Codec, place: number): void =>
  useChoice.setState({ codec, place, code: undefined })

export function formatChoice({ codec, place, code }: Choice): string | undefined {
  if (codec === START.codec && place === START.place && code === undefined) return undefined
  return `${codec}:${place + 1}${code === undefined ? '' : `:${code}`}`
}

/** What an address says; undefined where it makes no sense. */
export function parseChoice(text: string): Pick<Choice, 'codec' | 'place' | 'code'> | undefined {
  const found = /^(samtok|himtok):(\d{1,2})(?::(\d{1,4}))?$/.exec(text)
  if (found === null) return undefined
  const codec = found[1] as Codec
  const place = Number(found[2]) - 1
  const code = found[3] === undefined ? undefined : Number(found[3])
  const { places, codes } = CODEBOOKS[codec]
  if (place < 0 || place >= places || (code !== undefined && code >= codes)) return undefined
  return { codec, place, code }
}

export const registerChoiceInUrl = urlPartOf(useChoice, {
  key: 'codebook',
  write: formatChoice,
  read: (text) => {
    const choice = parseChoice(text)
    if (choice !== undefined) useChoice.setState(choice)
  },
})
