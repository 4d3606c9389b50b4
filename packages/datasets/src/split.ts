// Which pictures are held out from training: a split by picture id, the same wherever it is asked. Definition: our own.

import { createHash } from 'node:crypto'
import { DataError } from '@maskwords/inputs'

/** Parts of a split: more than this is a mistyped number, not a split. */
export const MAX_SPLIT_PARTS = 1_000_000

/**
 * Whether picture `id` lies in part `part` (from 0) of `parts`: the first four bytes of the SHA-256 of the id as UTF-8
 * text, read as a big-endian number, modulo `parts`. Depends on the id alone: neither on order nor on what else there is.
 * Every mask of a picture has the picture's part.
 * Throws DataError 'bad-option' where the part is not one of the parts.
 */
export function inHoldout(id: string, part: number, parts: number): boolean {
  const whole = Number.isInteger(part) && Number.isInteger(parts)
  if (!whole || parts < 1 || parts > MAX_SPLIT_PARTS || part < 0 || part >= parts) {
    throw new DataError('bad-option', `There is no part ${part} of ${parts}.`, {
      hint: `Give whole numbers: parts from 1 to ${MAX_SPLIT_PARTS}, the part from 0 to parts - 1.`,
    })
  }
  return createHash('sha256').update(id, 'utf8').digest().readUInt32BE(0) % parts === part
}
