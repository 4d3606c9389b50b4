// A code put into the words of a region: what the region's words draw with it.

import type { Mask } from '@maskwords/mask'
import type { Backend } from '../engine/index.ts'
import type { Picture, Region } from '../state/types.ts'

export type WithCode = {
  readonly before: readonly number[]
  readonly codes: readonly number[]
  readonly mask: Mask
}

/** Says the region in words, puts `code` at `place`, and draws them. Words behind the place stay as they are. */
export async function drawWithCode(
  engine: Backend,
  codec: 'samtok' | 'himtok',
  picture: Picture,
  region: Region,
  place: number,
  code: number,
  signal: AbortSignal,
): Promise<WithCode> {
  const { codes: before } = await engine.speak(codec, picture, region.mask, { signal })
  const codes = withCode(before, place, code)
  const { mask } = await engine.draw(codec, picture, codes, { signal })
  return { before, codes, mask }
}

/** The codes with `code` at `place`. */
export function withCode(codes: readonly number[], place: number, code: number): number[] {
  return codes.map((one, i) => (i === place ? code : one))
}
