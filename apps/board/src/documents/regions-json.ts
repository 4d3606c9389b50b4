// Regions as JSON, as sessions and addresses keep them: compressed COCO run lengths and how each region is shown.
import { cocoStringFromMask, type Mask, maskFromCocoString } from '@maskwords/mask'
import { StudioError } from '../state/error.ts'
import type { Region } from '../state/types.ts'

/** More regions than this are no list that a person works with. COCO panoptic pictures have up to about 70. */
export const MAX_REGIONS = 200

export type RegionJson = {
  readonly id: string
  readonly name: string
  readonly colour: string
  readonly visible: boolean
  readonly opacity: number
  /** Compressed COCO text; the size is the picture's. */
  readonly runs: string
}

const MAX_NAME_CHARACTERS = 200

export function regionToJson({ id, name, colour, visible, opacity, mask }: Region): RegionJson {
  return {
    id,
    name,
    colour,
    visible,
    opacity: Math.round(opacity * 1000) / 1000,
    runs: cocoStringFromMask(mask),
  }
}

/** The regions of a list. Throws StudioError `malformed`, with the place, for anything that is not such a list. */
export function regionsFromJson(json: unknown, size: { widthPx: number; heightPx: number }): Region[] {
  if (!Array.isArray(json)) throw new StudioError('malformed', 'regions: wanted a list')
  if (json.length > MAX_REGIONS) {
    throw new StudioError(
      'too-large',
      `${json.length.toLocaleString('en')} regions, the limit is ${MAX_REGIONS}`,
    )
  }
  const ids = new Set<string>()
  return json.map((value, i) => {
    const row = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
      Record<string, unknown>
    >
    const wanted = (key: string, what: string) =>
      new StudioError('malformed', `region ${i}: “${key}” is not ${what}`, {
        hint: 'The file was changed by hand or cut off; export it again.',
      })
    const { id, name, colour, visible = true, opacity, runs } = row
    if (typeof id !== 'string' || !/^[\w-]{1,40}$/.test(id) || ids.has(id)) {
      throw wanted('id', 'a short name that no other region has')
    }
    ids.add(id)
    if (typeof name !== 'string') throw wanted('name', 'text')
    if (typeof colour !== 'string' || !/^#[0-9a-f]{6}$/i.test(colour)) throw wanted('colour', '#rrggbb')
    if (typeof visible !== 'boolean') throw wanted('visible', 'true or false')
    if (typeof opacity !== 'number' || !(opacity >= 0 && opacity <= 1))
      throw wanted('opacity', 'a number from 0 to 1')
    if (typeof runs !== 'string') throw wanted('runs', 'run lengths as text')
    let mask: Mask
    try {
      mask = maskFromCocoString({ ...size, text: runs })
    } catch (error) {
      throw new StudioError('malformed', `region ${i}: ${(error as Error).message}`, { cause: error })
    }
    return { id, name: name.slice(0, MAX_NAME_CHARACTERS), colour, visible, opacity, mask }
  })
}
