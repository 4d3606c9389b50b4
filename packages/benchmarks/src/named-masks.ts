// Masks with a name each: classes, phrases of captions, objects of scene graphs.
import type { ClassMask } from '@maskwords/eval'
import { MaskwordsError } from '@maskwords/files'
import type { Mask } from '@maskwords/mask'

/** Throws MaskwordsError `size-mismatch` unless there is a name for each mask; `at` is the sample of the truth. */
export function namedMasks(
  masks: readonly Mask[],
  labels: readonly string[] | undefined,
  at?: string,
): ClassMask[] {
  if ((labels?.length ?? 0) !== masks.length) {
    throw new MaskwordsError(
      'size-mismatch',
      `${masks.length} masks, ${labels?.length ?? 0} labels: one for each is needed`,
      { at, hint: 'add "labels", one name a mask' },
    )
  }
  return masks.map((mask, k) => ({ name: labels![k]!, mask }))
}
