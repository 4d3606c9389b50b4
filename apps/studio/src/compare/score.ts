// How well a drawn mask says a true one, in the numbers of `maskwords eval reconstruction`: docs/reconstruction.md.
import { area, boundaryF, intersectionArea, iou, type Mask } from '@maskwords/mask'

export type Score = {
  readonly iou: number
  /** F of the contours within 0.8 % of the picture's diagonal (DAVIS). */
  readonly boundaryF: number
  /** Share of the drawn pixels that are right; 1 where nothing is drawn. */
  readonly precision: number
  /** Share of the true pixels that are drawn; 1 where nothing is true. */
  readonly recall: number
}

/** Scores of a drawn mask against the true one of the same size. Throws MaskError for different sizes. */
export function scoreOf(truth: Mask, drawn: Mask): Score {
  const both = intersectionArea(truth, drawn)
  const truePx = area(truth)
  const drawnPx = area(drawn)
  return {
    iou: iou(truth, drawn),
    boundaryF: boundaryF(drawn, truth).f,
    precision: drawnPx === 0 ? 1 : both / drawnPx,
    recall: truePx === 0 ? 1 : both / truePx,
  }
}
