// What shares an id or a file in a COCO-like file: annotations of one id, image entries of one picture. Definition: ours.
import type { Column } from '../growing.ts'

/** Of each annotation whose id an earlier one has, its place and the place of the first of them. */
export function repeatedIds(
  ids: Float64Array,
  textIds: ReadonlyMap<number, string>,
): ReadonlyMap<number, number> {
  const repeated = new Map<number, number>()
  const sorted = ids.slice().sort()
  const twice = new Set<number>()
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) twice.add(sorted[i]!)
  const seen = new Map<number | string, number>()
  const note = (id: number | string, place: number) => {
    const first = seen.get(id)
    if (first === undefined) seen.set(id, place)
    else repeated.set(place, first)
  }
  if (twice.size > 0) for (let a = 0; a < ids.length; a++) if (twice.has(ids[a]!)) note(ids[a]!, a)
  for (const [place, id] of textIds) note(id, place)
  return repeated
}

/** Slots of kept images whose name another kept image has, too. */
export function twinSlots(
  columns: { readonly name: Column<Float64Array>; readonly slot: Column<Uint32Array> },
  kept: Uint32Array,
  nameOf: (image: number) => string,
): ReadonlySet<number> {
  const hashes = Float64Array.from(kept, (i) => columns.name.values[i]!).sort()
  const twice = new Set<number>()
  for (let i = 1; i < hashes.length; i++) if (hashes[i] === hashes[i - 1]) twice.add(hashes[i]!)
  const byName = new Map<string, number[]>()
  for (const i of twice.size === 0 ? [] : kept) {
    if (!twice.has(columns.name.values[i]!)) continue
    const name = nameOf(i)
    byName.set(name, [...(byName.get(name) ?? []), columns.slot.values[i]!])
  }
  return new Set([...byName.values()].filter((slots) => slots.length > 1).flat())
}

/** A number below 2^53 that texts rarely share (FNV-1a in two halves); NaN for none, which equals nothing. */
export function textHash(text: string | undefined): number {
  if (text === undefined) return Number.NaN
  let low = 0x811c9dc5
  let high = 0x1b873593
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193)
    high = Math.imul(high ^ low, 0x85ebca6b)
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}
