// One picture as a label map: pixel values 1, 2, ... are its regions, 0 is nobody; names.json says what each is (the reader
// `label-map`, docs/datasets.md).
import { area, type LabelMap, labelMapFromMasks, labelMapToPng, masksFromLabelMap } from '@maskwords/mask'
import { AnnotationError } from '../error.ts'
import { type AnnotatedPicture, counted, leftPhrases, type Written, withPixels } from './picture.ts'

/** Values of a map of 16 bits. */
const MAX_REGIONS = 65_535

export type WrittenLabelMap = {
  readonly png: Uint8Array
  /** The class of each value. */
  readonly names: Readonly<Record<string, string>>
}

/**
 * The regions as a PNG: indices of VOC's colours up to 255 of them, else grey values of 16 bits. A pixel has one value: where
 * regions overlap the later one has it, and what others lose is counted, as are phrases and regions without a pixel. Throws
 * AnnotationError `too-large` beyond 65,535 regions.
 */
export function writeLabelMap(picture: AnnotatedPicture): Written<WrittenLabelMap> {
  const { value, left } = withPixels([picture])
  const { regions, widthPx, heightPx } = value[0]!
  if (regions.length > MAX_REGIONS) {
    throw new AnnotationError(
      'too-large',
      `${counted(regions.length, 'region')}, a label map has up to ${MAX_REGIONS}`,
    )
  }
  const labelled = regions.map(({ mask }, i) => ({ label: i + 1, mask }))
  const map: LabelMap = labelMapFromMasks(labelled, { widthPx, heightPx })
  const kept = new Map(masksFromLabelMap(map).map(({ label, mask }) => [label, area(mask)]))
  const losses = labelled
    .map(({ label, mask }) => area(mask) - (kept.get(label) ?? 0))
    .filter((lost) => lost > 0)
  const covered = losses.reduce((sum, lost) => sum + lost, 0)
  const png = labelMapToPng(map, { as: regions.length <= 255 ? 'palette' : 'grey' })
  const names = Object.fromEntries(regions.map(({ category }, i) => [String(i + 1), category]))
  return {
    value: { png, names },
    left: [
      ...left,
      ...leftPhrases(value),
      ...(covered === 0
        ? []
        : [`${counted(covered, 'pixel')} of ${counted(losses.length, 'region')} that lie below later ones`]),
    ],
  }
}
