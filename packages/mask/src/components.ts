// Connected components of masks, found on runs, and what rests on them: hole filling and speckle removal.
//
// Definition: pixels connect through their 4 or 8 neighbours; a mask of connectivity 8 has a background of
// connectivity 4 and the other way round (Rosenfeld). Cost is O(runs), nearly: union-find with path halving.

import { MaskError } from './error.ts'
import { type Mask, maskFromEdges } from './mask.ts'
import { NumberList } from './number-list.ts'
import { invert, union } from './set-operations.ts'

export type Connectivity = 4 | 8

/** Parts of runs, each within one column or covering whole columns, with the component that each belongs to. */
type LabelledParts = {
  /** Column-major pixel index of the first pixel and behind the last pixel of each part; rising. */
  readonly start: Uint32Array
  readonly end: Uint32Array
  /** Components are numbered by their first pixel in column-major order. */
  readonly component: Int32Array
  readonly areaPx: Float64Array
  readonly touchesBorder: Uint8Array
}

export type ComponentsOptions = {
  /** Default 8. */
  readonly connectivity?: Connectivity
  /** `area`: largest first, equal ones by first pixel. `first-pixel`: by the first pixel in column-major order. Default `area`. */
  readonly order?: 'area' | 'first-pixel'
}

/** The connected components of the mask, each a mask of the same size. An empty mask has none. */
export function connectedComponents(mask: Mask, options: ComponentsOptions = {}): Mask[] {
  const parts = label(mask, checkedConnectivity(options.connectivity))
  const count = parts.areaPx.length
  // Edges of all components in one array, one range each: two walks instead of a growing list for each component.
  const ranges = new Uint32Array(count + 1)
  for (const c of parts.component) ranges[c + 1]! += 2
  for (let c = 0; c < count; c++) ranges[c + 1]! += ranges[c]!
  const next = ranges.slice()
  const edges = new Uint32Array(parts.start.length * 2)
  for (let p = 0; p < parts.start.length; p++) {
    const c = parts.component[p]!
    let at = next[c]!
    if (at > ranges[c]! && edges[at - 1] === parts.start[p]) at--
    else edges[at++] = parts.start[p]!
    edges[at++] = parts.end[p]!
    next[c] = at
  }
  const order = Uint32Array.from({ length: count }, (_, c) => c)
  if (options.order !== 'first-pixel') {
    order.sort((a, b) => parts.areaPx[b]! - parts.areaPx[a]! || a - b)
  }
  const out: Mask[] = []
  for (const c of order) {
    out.push(maskFromEdges(mask.widthPx, mask.heightPx, edges.slice(ranges[c]!, next[c]!)))
  }
  return out
}

export type FillHolesOptions = {
  /** Fill only holes of at most this many pixels. Default: all. */
  readonly maxAreaPx?: number
  /** Connectivity of the mask; holes have the other one. Default 8 (so holes connect through 4 neighbours). */
  readonly connectivity?: Connectivity
  /**
   * Whether background that reaches the border of the picture counts as a hole, as in SAM 2's post-processing, where
   * only the area decides. Default false: a hole is enclosed. Needs `maxAreaPx`.
   */
  readonly atBorder?: boolean
}

/**
 * The mask with its holes filled. Throws MaskError where maxAreaPx is negative or NaN, or atBorder comes without it.
 */
export function fillHoles(mask: Mask, options: FillHolesOptions = {}): Mask {
  const { maxAreaPx = Number.POSITIVE_INFINITY, atBorder = false } = options
  checkArea(maxAreaPx)
  if (atBorder && maxAreaPx === Number.POSITIVE_INFINITY) {
    throw new MaskError('out-of-range', 'fillHoles with atBorder needs maxAreaPx: everything would be filled')
  }
  const holes = checkedConnectivity(options.connectivity) === 8 ? 4 : 8
  const background = invert(mask)
  const parts = label(background, holes)
  const keep = Uint8Array.from(parts.areaPx, (areaPx, c) =>
    areaPx <= maxAreaPx && (atBorder || parts.touchesBorder[c] === 0) ? 1 : 0,
  )
  return union(mask, selected(mask, parts, keep))
}

export type RemoveSpecklesOptions = {
  /** Components of at most this many pixels go. */
  readonly maxAreaPx: number
  /** Default 8. */
  readonly connectivity?: Connectivity
  /** Keep the largest component (the first of equal ones) even where it is small. Default false. */
  readonly keepLargest?: boolean
}

/** The mask without its small components. Throws MaskError where maxAreaPx is negative or NaN. */
export function removeSpeckles(mask: Mask, options: RemoveSpecklesOptions): Mask {
  checkArea(options.maxAreaPx)
  const parts = label(mask, checkedConnectivity(options.connectivity))
  const keep = Uint8Array.from(parts.areaPx, (areaPx) => (areaPx > options.maxAreaPx ? 1 : 0))
  if (options.keepLargest === true && keep.length > 0) {
    let largest = 0
    for (let c = 1; c < keep.length; c++) if (parts.areaPx[c]! > parts.areaPx[largest]!) largest = c
    keep[largest] = 1
  }
  return selected(mask, parts, keep)
}

function checkArea(maxAreaPx: number): void {
  if (maxAreaPx >= 0) return
  throw new MaskError('out-of-range', `maxAreaPx must be 0 or more, got ${maxAreaPx}`)
}

function checkedConnectivity(connectivity: Connectivity = 8): Connectivity {
  if (connectivity === 4 || connectivity === 8) return connectivity
  throw new MaskError('out-of-range', `connectivity must be 4 or 8, got ${connectivity}`)
}

function selected(mask: Mask, parts: LabelledParts, keep: Uint8Array): Mask {
  const edges = new NumberList(256)
  let n = 0
  for (let p = 0; p < parts.start.length; p++) {
    if (keep[parts.component[p]!] === 0) continue
    const values = edges.room(n, 2)
    if (n > 0 && values[n - 1] === parts.start[p]) n--
    else values[n++] = parts.start[p]!
    values[n++] = parts.end[p]!
  }
  return maskFromEdges(mask.widthPx, mask.heightPx, edges.view(n).slice())
}

/** Cuts runs at column ends (whole columns in a row stay together), joins neighbours, numbers the components. */
function label(mask: Mask, connectivity: Connectivity): LabelledParts {
  const { widthPx, heightPx, edges } = mask
  const start = new Uint32Array((edges.length / 2) * 3)
  const end = new Uint32Array(start.length)
  let n = 0
  for (let i = 0; i < edges.length; i += 2) {
    const runEnd = edges[i + 1]!
    for (let at = edges[i]!; at < runEnd; ) {
      const columnEnd = at - (at % heightPx) + heightPx
      let stop = Math.min(runEnd, columnEnd)
      if (at % heightPx === 0 && runEnd > columnEnd) stop = runEnd - (runEnd % heightPx)
      start[n] = at
      end[n++] = stop
      at = stop
    }
  }
  const parent = Int32Array.from({ length: n }, (_, p) => p)
  const reach = connectivity === 8 ? 1 : 0
  // Parts [groupStart, i) are those of the column before; parts from i on are those of this one.
  let groupStart = 0
  let groupLastColumn = -2
  for (let i = 0; i < n; ) {
    const column = Math.floor(start[i]! / heightPx)
    const base = column * heightPx
    let stop = i + 1
    while (stop < n && start[stop]! < base + heightPx) stop++
    if (groupLastColumn === column - 1) {
      // Offsets in the column: a part of whole columns covers 0 to heightPx whichever column is meant.
      const previousBase = base - heightPx
      let a = groupStart
      for (let b = i; b < stop; ) {
        const aLow = Math.max(0, start[a]! - previousBase)
        const aHigh = end[a]! - previousBase
        const bLow = start[b]! - base
        const bHigh = Math.min(end[b]! - base, heightPx)
        if (aLow < bHigh + reach && bLow < aHigh + reach) join(parent, a, b)
        if (aHigh < bHigh) {
          if (++a === i) break
        } else {
          b++
        }
      }
    }
    groupStart = i
    groupLastColumn = Math.floor((end[stop - 1]! - 1) / heightPx)
    i = stop
  }

  const component = new Int32Array(n)
  let count = 0
  for (let p = 0; p < n; p++) {
    const root = find(parent, p)
    component[p] = root === p ? count++ : component[root]!
  }
  const areaPx = new Float64Array(count)
  const touchesBorder = new Uint8Array(count)
  const lastColumnStart = (widthPx - 1) * heightPx
  for (let p = 0; p < n; p++) {
    const c = component[p]!
    const from = start[p]!
    const to = end[p]!
    areaPx[c] = areaPx[c]! + to - from
    if (from % heightPx === 0 || to % heightPx === 0 || from < heightPx || to > lastColumnStart)
      touchesBorder[c] = 1
  }
  return { start: start.subarray(0, n), end: end.subarray(0, n), component, areaPx, touchesBorder }
}

function find(parent: Int32Array, p: number): number {
  while (parent[p] !== p) {
    parent[p] = parent[parent[p]!]!
    p = parent[p]!
  }
  return p
}

/** The smaller index becomes the root, so that a component's root is its first part. */
function join(parent: Int32Array, a: number, b: number): void {
  const rootA = find(parent, a)
  const rootB = find(parent, b)
  if (rootA < rootB) parent[rootB] = rootA
  else parent[rootA] = rootB
}
