// Regions as JSON, as sessions and addresses keep them: compressed COCO run lengths and how each region is shown.
import { MAX_NAME_CHARACTERS, MAX_REGIONS } from '@maskwords/exchange/loaded.ts'
import { cocoStringFromMask, type Mask, maskFromCocoString } from '@maskwords/mask'
import { StudioError } from '../state/error.ts'
import type { Region } from '../state/types.ts'

export type RegionJson = {
  readonly id: string
  readonly name: string
  /** Left out where they are empty. */
  readonly category?: string
  readonly phrase?: string
  readonly colour: string
  readonly visible: boolean
  readonly opacity: number
  /** Compressed COCO text; the size is the picture's. */
  readonly runs: string
}

export function regionToJson(region: Region): RegionJson {
  const { id, name, category, phrase, colour, visible, opacity, mask } = region
  return {
    id,
    name,
    ...(category !== '' && { category }),
    ...(phrase !== '' && { phrase }),
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
    const { id, name, category = '', phrase = '', colour, visible = true, opacity, runs } = row
    if (typeof id !== 'string' || !/^[\w-]{1,40}$/.test(id) || ids.has(id)) {
      throw wanted('id', 'a short name that no other region has')
    }
    ids.add(id)
    if (typeof name !== 'string') throw wanted('name', 'text')
    if (typeof category !== 'string') throw wanted('category', 'text')
    if (typeof phrase !== 'string') throw wanted('phrase', 'text')
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
    const cut = (text: string) => text.slice(0, MAX_NAME_CHARACTERS)
    const texts = { name: cut(name), category: cut(category), phrase: cut(phrase) }
    return { id, ...texts, colour, visible, opacity, mask }
  })
}
