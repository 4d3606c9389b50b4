// What polygon, box and magic do with the pixels they found, and what a click on the picture selects.
import { area, isEmpty, type Mask, subtract, union } from '@maskwords/mask'
import { addRegions } from '../state/regions.ts'
import { notify, say, select, selectedRegion, updateRegion, useStudio } from '../state/store.ts'
import type { Combine, Region } from '../state/types.ts'
import { rowsOf } from './rows.ts'

/** Shift adds, Alt subtracts; else what the toolbar says. */
export function combineOf(event: { readonly shiftKey: boolean; readonly altKey: boolean }): Combine {
  if (event.altKey) return 'subtract'
  if (event.shiftKey) return 'add'
  return useStudio.getState().combine
}

/** Makes a region of the mask, or adds it to or takes it from the selected one. */
export function applyMask(mask: Mask, how: Combine): void {
  const region = selectedRegion(useStudio.getState())
  if (how === 'subtract') {
    if (region === undefined) notify(NOTHING_SELECTED)
    else changeMask(region, subtract(region.mask, mask))
  } else if (isEmpty(mask)) {
    notify({ kind: 'info', message: 'Nothing was selected: the outline holds no pixel of the picture.' })
  } else if (how === 'add' && region !== undefined) changeMask(region, union(region.mask, mask))
  else {
    addRegions([{ mask }])
    sayArea(selectedRegion(useStudio.getState())!, 'added')
  }
}

export const NOTHING_SELECTED = {
  kind: 'info',
  message: 'No region is selected to take pixels from.',
  hint: 'Select one in the list, or click on it with the tool “Move and select”.',
} as const

/** The region gets this mask, as one step. */
export function changeMask(region: Region, mask: Mask): void {
  updateRegion(region.id, { mask })
  sayArea({ ...region, mask }, 'changed')
}

export function sayArea({ name, mask }: Region, what: string): void {
  say(`${name} ${what}: ${percentOf(mask)} of the picture`)
}

/** A mask's share of its picture, for people: `12.3 %`. */
export function percentOf(mask: Mask): string {
  const share = (100 * area(mask)) / Math.max(1, mask.widthPx * mask.heightPx)
  return `${share === 0 ? '0' : share < 0.1 ? '< 0.1' : share.toFixed(1)} %`
}

/**
 * Selects the topmost visible region at a pixel; the next one below where that is selected already, and none where
 * there is none.
 */
export function selectAt(x: number, y: number): void {
  const { document } = useStudio.getState()
  const here = document.regions.filter((region) => region.visible && holds(region.mask, x, y)).reverse()
  const at = here.findIndex(({ id }) => id === document.selectedId)
  const next = here[(at + 1) % Math.max(1, here.length)]
  if (next?.id === document.selectedId) return
  select(next?.id)
  say(next === undefined ? 'No region selected' : `${next.name} selected`)
}

function holds(mask: Mask, x: number, y: number): boolean {
  if (x < 0 || y < 0 || x >= mask.widthPx || y >= mask.heightPx) return false
  const { starts, spans } = rowsOf(mask)
  for (let i = starts[y]!; i < starts[y + 1]!; i++)
    if (x >= spans[2 * i]! && x < spans[2 * i + 1]!) return true
  return false
}
