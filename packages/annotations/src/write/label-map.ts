// One picture as a label map: a pixel's value is that of its region, 0 is nobody; names.json says what each value is (the reader
// `label-map`, docs/datasets.md).
import { area, type LabelMap, labelMapFromMasks, labelMapToPng, masksFromLabelMap } from '@maskwords/mask'
import { AnnotationError } from '../error.ts'
import { type AnnotatedPicture, counted, leftPhrases, type Written, withPixels } from './picture.ts'

/** Values of a map of 16 bits. */
const MAX_REGIONS = 65_535

export type WrittenLabelMap = {
  readonly png: Uint8Array
  /** The class of each value, those that were given too. */
  readonly names: Readonly<Record<string, string>>
}

/**
 * The regions as a PNG, with values from 1; `known` has the classes of values that other maps of the set use: indices of VOC's colours up to 255 of them, else grey values of 16 bits. A pixel has one value: where
 * regions overlap the later one has it, and what others lose is counted, as are phrases and regions without a pixel. Throws
 * AnnotationError `too-large` beyond 65,535 regions.
 */
export function writeLabelMap(
  picture: AnnotatedPicture,
  known: Readonly<Record<string, string>> = {},
): Written<WrittenLabelMap> {
  const { value, left } = withPixels([picture])
  const { regions, widthPx, heightPx } = value[0]!
  if (regions.length > MAX_REGIONS) {
    throw new AnnotationError(
      'too-large',
      `${counted(regions.length, 'region')}, a label map has up to ${MAX_REGIONS}`,
    )
  }
  const names = new Map(Object.entries(known).map(([value, name]) => [Number(value), name]))
  const taken = new Set<number>()
  const labelled = regions.map(({ mask, category }) => {
    let label = [...names].find(([value, name]) => name === category && !taken.has(value))?.[0]
    label ??= Math.max(0, ...names.keys()) + 1
    names.set(label, category)
    taken.add(label)
    return { label, mask }
  })
  const map: LabelMap = labelMapFromMasks(labelled, { widthPx, heightPx })
  const kept = new Map(masksFromLabelMap(map).map(({ label, mask }) => [label, area(mask)]))
  const losses = labelled
    .map(({ label, mask }) => area(mask) - (kept.get(label) ?? 0))
    .filter((lost) => lost > 0)
  const covered = losses.reduce((sum, lost) => sum + lost, 0)
  const png = labelMapToPng(map, { as: Math.max(0, ...taken) <= 255 ? 'palette' : 'grey' })
  return {
    value: { png, names: Object.fromEntries(names) },
    left: [
      ...left,
      ...leftPhrases(value),
      ...(covered === 0
        ? []
        : [`${counted(covered, 'pixel')} of ${counted(losses.length, 'region')} that lie below later ones`]),
    ],
  }
}
