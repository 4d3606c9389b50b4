// The open picture and its regions as files of annotations say them.
import type { AnnotatedPicture } from '@maskwords/annotations'
import type { Picture, Region } from '../state/types.ts'
import { ownMask } from './own-size.ts'

/** The class of regions that nobody gave a name or class. */
export const NO_CLASS = 'object'
/** Names that the studio itself gave: `Region 3`, `Label 3`, also of copies. */
const OWN_NAME = /^(?:region|label|annotation|shape|mask) \d+(?: copy)*$/i

/** What a region is called in a dataset: its class, else its name where a person gave it, else NO_CLASS. */
export function classOf({ category, name }: Pick<Region, 'category' | 'name'>): string {
  const given = category.trim()
  if (given !== '') return given
  const named = name.trim()
  return named === '' || OWN_NAME.test(named) ? NO_CLASS : named
}

/** The picture as writers take it, `file` in the place of its own name. */
export function annotatedOf(
  picture: Pick<Picture, 'name' | 'pixels' | 'own' | 'turn'>,
  regions: readonly Region[],
  file = picture.name,
): AnnotatedPicture {
  const { widthPx, heightPx } = picture.own ?? picture.pixels
  return {
    file,
    widthPx,
    heightPx,
    // Regions are drawn on what is shown; readers take the stored pixels where sizes cannot tell.
    ...(picture.turn !== undefined && { drawnOn: 'shown' }),
    regions: regions.map((region) => ({
      mask: ownMask(region.mask, picture),
      category: classOf(region),
      phrase: region.phrase,
    })),
  }
}
