// What a wish for words means to a codec: the same in this page's workers and at the server.
import type { CodecId } from '../state/types.ts'
import type { CallOptions } from './backend.ts'

/** What `encode` of a codec is called with; empty where its defaults are meant. */
export type EncodeSettings = { readonly refine?: boolean; readonly search?: number }

/** The nearest codes, without a search: answers are there at once, and devices say the same codes. */
export const NEAREST_CODES: EncodeSettings = { search: 1 }

export function encodeSettings(
  codec: CodecId,
  { refine, quick }: Pick<CallOptions, 'refine' | 'quick'>,
): EncodeSettings {
  if (codec === 'getok') return refine === undefined ? {} : { refine }
  return quick === true ? NEAREST_CODES : {}
}
