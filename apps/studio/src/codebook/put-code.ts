// A code put into the words of a region: the panel "Words" then shows it as an edited word, with the mask that follows.
import type { Backend } from '@maskwords/board/engine/index.ts'
import type { Picture, Region } from '@maskwords/board/state/types.ts'
import { toggleOpen, useWords } from '../words/cards.ts'
import { restoreCodes } from '../words/speaker.ts'

/** Which word became which. */
export type UsedCode = { readonly before: number; readonly after: number }

/**
 * Puts `code` at `place` of the region's words: of those that a person has edited, else of what the codec says of it.
 * @throws Error where the region's words are too few; the signal's reason; what the engine throws
 */
export async function putCodeInto(
  region: Region,
  call: {
    readonly engine: Backend
    readonly codec: 'samtok' | 'himtok'
    readonly picture: Picture
    readonly place: number
    readonly code: number
    readonly signal: AbortSignal
  },
): Promise<UsedCode> {
  const { engine, codec, picture, place, code, signal } = call
  const card = useWords.getState().cards[codec]
  const there = card?.state === 'said' && card.regionId === region.id && card.mask === region.mask
  const { codes } = there ? card : await engine.speak(codec, picture, region.mask, { signal })
  if (place >= codes.length) {
    throw new Error(`${region.name} has ${codes.length} words; there is no word ${place + 1} to replace`)
  }
  if (!useWords.getState().open[codec]) toggleOpen(codec)
  restoreCodes(codec, withCode(codes, place, code))
  return { before: codes[place]!, after: code }
}

/** The codes with `code` at `place`. */
export function withCode(codes: readonly number[], place: number, code: number): number[] {
  return codes.map((one, i) => (i === place ? code : one))
}
