// Remembers dense views of masks up to a fixed number of bytes in all, and forgets the oldest first.
//
// Views hang on their mask weakly, so a dead mask frees them; the budget bounds what living masks may hold. (WeakRef
// would not do: its targets stay alive until the running job ends, and a loop over a data set is one job.)

import type { Mask } from './mask.ts'

/** Bytes of views that stay in memory. Four 4K masks, both orders, or two hundred of 480 x 640. */
export const MAX_REMEMBERED_BYTES = 2 ** 26

/** What a view costs beside its bytes, roughly; it bounds the number of tiny views. */
const VIEW_OVERHEAD_BYTES = 256

type ViewKind = 'rowMajor' | 'columnMajor'
type View = { bytes: Uint8Array | undefined; readonly costBytes: number }

const viewsOfMask = new WeakMap<Mask, Partial<Record<ViewKind, View>>>()
const oldestFirst = new Set<View>()
let rememberedBytes = 0

/** The remembered view of this kind, or a new one from `make`, remembered if it fits the budget. */
export function rememberedView(mask: Mask, kind: ViewKind, make: () => Uint8Array): Uint8Array {
  let views = viewsOfMask.get(mask)
  const known = views?.[kind]?.bytes
  if (known !== undefined) return known
  const bytes = make()
  const costBytes = bytes.length + VIEW_OVERHEAD_BYTES
  if (costBytes > MAX_REMEMBERED_BYTES) return bytes
  const view: View = { bytes, costBytes }
  if (views === undefined) viewsOfMask.set(mask, (views = {}))
  views[kind] = view
  oldestFirst.add(view)
  rememberedBytes += costBytes
  for (const old of oldestFirst) {
    if (rememberedBytes <= MAX_REMEMBERED_BYTES) break
    oldestFirst.delete(old)
    rememberedBytes -= old.costBytes
    old.bytes = undefined
  }
  return bytes
}
