// Regions as people make them: identifiers, names, colours, and the steps of work on the list.
import { connectedComponents, type Mask, union } from '@maskwords/mask'
import { edit, select, useStudio } from './store.ts'
import type { Region } from './types.ts'

/**
 * Colours that stay apart for colour-blind people, on pictures: the palette of Okabe and Ito (Color Universal Design,
 * 2008) without black, reordered so that neighbours differ most, and a violet.
 */
export const REGION_COLOURS = [
  '#e69f00',
  '#56b4e9',
  '#cc79a7',
  '#009e73',
  '#d55e00',
  '#f0e442',
  '#0072b2',
  '#b07aff',
] as const

export const DEFAULT_OPACITY = 0.45

let lastNumber = 0

/** A fresh identifier, `r1`, `r2`, ...: never used twice, so that undone regions do not lend theirs to new ones. */
export function freshId(): string {
  return `r${++lastNumber}`
}

/** Makes sure that fresh identifiers differ from those of regions that come from elsewhere. */
export function claimIds(regions: readonly Region[]): void {
  for (const { id } of regions) {
    const number = /^r(\d{1,9})$/.exec(id)?.[1]
    if (number !== undefined) lastNumber = Math.max(lastNumber, Number(number))
  }
}

/** The first colour of the palette that the fewest regions have. */
export function nextColour(regions: readonly Pick<Region, 'colour'>[]): string {
  let best: string = REGION_COLOURS[0]
  let least = Number.POSITIVE_INFINITY
  for (const colour of REGION_COLOURS) {
    const used = regions.filter((region) => region.colour === colour).length
    if (used < least) {
      least = used
      best = colour
    }
  }
  return best
}

/** A region with the defaults of the house; `among` are those that it joins. */
export function newRegion(mask: Mask, among: readonly Region[], name?: string, id = freshId()): Region {
  return {
    id,
    name: name ?? `Region ${id.slice(1)}`,
    category: '',
    phrase: '',
    colour: nextColour(among),
    visible: true,
    opacity: DEFAULT_OPACITY,
    mask,
  }
}

/** Adds masks as regions in one step and selects the first; returns their identifiers. */
export function addRegions(
  masks: readonly {
    readonly mask: Mask
    readonly name?: string
    readonly category?: string
    readonly phrase?: string
  }[],
): string[] {
  if (masks.length === 0) return []
  const ids: string[] = []
  edit((document) => {
    const regions = [...document.regions]
    for (const { mask, name, category = '', phrase = '' } of masks) {
      const region = { ...newRegion(mask, regions, name), category, phrase }
      ids.push(region.id)
      regions.push(region)
    }
    return { regions, selectedId: ids[0] }
  })
  return ids
}

/** Takes a region away; its neighbour is selected, so that a keyboard user keeps a place in the list. */
export function deleteRegion(id: string): void {
  edit((document) => {
    const at = document.regions.findIndex((region) => region.id === id)
    if (at < 0) return document
    const regions = document.regions.filter((region) => region.id !== id)
    const next = regions[Math.min(at, regions.length - 1)]?.id
    return { regions, selectedId: document.selectedId === id ? next : document.selectedId }
  })
}

/** The same region once more, above the first, with a colour of its own; it is selected. */
export function duplicateRegion(id: string): void {
  edit((document) => {
    const at = document.regions.findIndex((region) => region.id === id)
    const region = document.regions[at]
    if (region === undefined) return document
    const copy = {
      ...newRegion(region.mask, document.regions),
      name: `${region.name} copy`,
      category: region.category,
      phrase: region.phrase,
      opacity: region.opacity,
    }
    return { regions: document.regions.toSpliced(at + 1, 0, copy), selectedId: copy.id }
  })
}

/** Takes the pixels of another region into one, which keeps its texts and gets those that it lacks; the other is gone. */
export function mergeRegions(id: string, otherId: string): void {
  edit((document) => {
    const region = document.regions.find((one) => one.id === id)
    const other = document.regions.find((one) => one.id === otherId)
    if (region === undefined || other === undefined || region === other) return document
    const merged = {
      ...region,
      category: region.category || other.category,
      phrase: region.phrase || other.phrase,
      mask: union(region.mask, other.mask),
    }
    const regions = document.regions.flatMap((one) =>
      one === other ? [] : one === region ? [merged] : [one],
    )
    return { regions, selectedId: id }
  })
}

/** The parts of a region that do not touch, the largest first. */
export const partsOf = (mask: Mask): Mask[] => connectedComponents(mask)

/** Each part of a region that touches no other becomes a region; the largest stays what it was. */
export function splitRegion(id: string): void {
  edit((document) => {
    const at = document.regions.findIndex((one) => one.id === id)
    const region = document.regions[at]
    const [largest, ...others] = region === undefined ? [] : partsOf(region.mask)
    if (region === undefined || largest === undefined || others.length === 0) return document
    const regions: Region[] = [...document.regions]
    const own = others.map((mask, i) => {
      const { category, phrase, opacity } = region
      const part = { ...newRegion(mask, regions, `${region.name} ${i + 2}`), category, phrase, opacity }
      regions.push(part)
      return part
    })
    return {
      regions: document.regions.toSpliced(at, 1, { ...region, mask: largest }, ...own),
      selectedId: id,
    }
  })
}

/** Selects the region `step` places further in the list, around its ends. */
export function selectNext(step: 1 | -1): void {
  const { document } = useStudio.getState()
  const { regions, selectedId } = document
  if (regions.length === 0) return
  const at = regions.findIndex(({ id }) => id === selectedId)
  const next = at < 0 ? (step === 1 ? 0 : regions.length - 1) : (at + step + regions.length) % regions.length
  select(regions[next]!.id)
}
