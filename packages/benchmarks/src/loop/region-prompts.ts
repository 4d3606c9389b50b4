// How SAMTok asks for the description of a region: the region alone, or a larger picture of it beside it where it is small.
import type { TruthSample } from '../truth.ts'
import { boxShare } from './zoom.ts'

const ALONE = 'Given a detailed description of this region {mask}.'

export const REGION_PROMPTS = {
  prompt: ALONE,
  small: `${ALONE} Zoom in with the perspective as {zoom}, {zoommask}.`,
}

/** `small` for regions whose box takes less than this share of the picture, where the model has words for masks. */
export const zoomBelow =
  (share: number) =>
  ({ masks: [mask] = [] }: TruthSample): string =>
    mask !== undefined && mask.edges.length > 0 && boxShare(mask) < share ? 'small' : 'prompt'
