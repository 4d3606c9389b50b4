// What the caption metrics take: a caption for each sample and the captions that people wrote. Words already split stay as they are.

import { EvalError } from '../error.ts'
import { captionTokens } from './tokens.ts'

/** A caption and its references. */
export type CaptionSample = {
  readonly id: string
  readonly caption: string
  /** At least one. */
  readonly references: readonly string[]
}

/** How captions are taken apart into words. */
export type CaptionOptions = {
  /** How a caption becomes words. Default `captionTokens`. For captions that are tokenised: `(text) => text.split(' ')`. */
  readonly tokenise?: (text: string) => readonly string[]
}

export type TokenisedSample = {
  readonly id: string
  readonly caption: readonly string[]
  readonly references: readonly (readonly string[])[]
}

/**
 * `wordsOf` is what a metric makes of the tokens. Throws EvalError: `malformed` for a sample without references, `duplicate`
 * for two samples of one id.
 */
export function tokenised(
  samples: readonly CaptionSample[],
  options: CaptionOptions = {},
  wordsOf: (tokens: readonly string[]) => readonly string[] = (tokens) => tokens,
): TokenisedSample[] {
  const { tokenise = captionTokens } = options
  const words = (text: string) => wordsOf(tokenise(text))
  const seen = new Set<string>()
  return samples.map(({ id, caption, references }) => {
    if (seen.has(id)) throw new EvalError('duplicate', `sample ${id} is there twice`, { at: id })
    seen.add(id)
    if (references.length === 0) {
      throw new EvalError('malformed', `sample ${id} has no reference caption`, { at: id })
    }
    return { id, caption: words(caption), references: references.map(words) }
  })
}

/** The scores of a caption. */
export type CaptionScore = {
  readonly rows: readonly { readonly id: string; readonly score: number }[]
  /** The number of the whole set, as the metric defines it; null for no samples. */
  readonly score: number | null
}
