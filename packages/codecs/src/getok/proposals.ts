// A mask as grid cells by the proposals of a segmenter: the greedy of GETok (arXiv 2512.10554 and its project page). Each
// centre is a point prompt; proposals that help are kept, and the cells that prompted them are the words. Filters
// are Segment Anything's automatic-mask defaults; where the paper is silent (tau, pruning, seeds outside) the rule is ours.

import { area, intersect, type Mask, tightBox, union } from '@maskwords/mask'
import type { BoxXyxyPx, Segmentation, Segmenter, SegmentPrompt } from '../codec.ts'
import { CodecError } from '../error.ts'
import { boxIouXyxy } from './box.ts'
import { deepestCell, MAX_POINTS } from './cover.ts'
import { centreX, centreY, type Grid } from './grid.ts'
import { maskHas } from './pixel.ts'

/** Least predicted IoU and stability of a proposal, where the segmenter states them, and box IoU of duplicates. */
export const LEAST_QUALITY = 0.88
export const LEAST_STABILITY = 0.95
export const DUPLICATE_BOX_IOU = 0.7

/** A region that a segmenter found at the centre of a cell. */
export type Proposal = { readonly mask: Mask; readonly cell: number; readonly areaPx: number }

export type ProposalOptions<Image> = {
  grid: Grid
  segmenter: Segmenter<Image>
  image: Image
  /** Cells to prompt; all of them by default, in order of their numbers. */
  cells?: readonly number[]
  signal?: AbortSignal
}

/**
 * What a segmenter sees at the cell centres: all alternatives of each prompt, weak ones dropped, then of every group of
 * near-equal boxes only the one of the highest score (ties to the lower cell).
 */
export async function proposeRegions<Image>(options: ProposalOptions<Image>): Promise<Proposal[]> {
  const { grid, segmenter, image, signal } = options
  const cells = options.cells ?? Array.from({ length: grid.cells * grid.cells }, (_, cell) => cell)
  const call = signal === undefined ? { multimask: true } : { multimask: true, signal }
  const prompts = cells.map(
    (cell): SegmentPrompt => ({ pointsXyPx: [centreX(grid, cell), centreY(grid, cell)], labels: [1] }),
  )
  const answers: (readonly Segmentation[])[] = []
  if (segmenter.segmentEach !== undefined) {
    answers.push(...(await segmenter.segmentEach(image, prompts, call)))
  } else {
    for (const prompt of prompts) {
      signal?.throwIfAborted()
      answers.push(await segmenter.segment(image, prompt, call))
    }
  }
  const found: { mask: Mask; cell: number; areaPx: number; score: number; box: BoxXyxyPx }[] = []
  for (let k = 0; k < cells.length; k++) {
    for (const { mask, score, stability } of answers[k] ?? []) {
      if (mask.widthPx !== grid.widthPx || mask.heightPx !== grid.heightPx) {
        throw new CodecError(
          'size-mismatch',
          `segmenter ${segmenter.name} gave a mask of ${mask.widthPx} x ${mask.heightPx} for a picture of ${grid.widthPx} x ${grid.heightPx}`,
        )
      }
      const weak = (score ?? 1) < LEAST_QUALITY || (stability ?? 1) < LEAST_STABILITY
      if (weak || mask.edges.length === 0) continue
      const { x, y, width, height } = tightBox(mask)
      found.push({
        mask,
        cell: cells[k]!,
        areaPx: area(mask),
        score: score ?? 1,
        box: [x, y, x + width, y + height],
      })
    }
  }
  found.sort((a, b) => b.score - a.score || a.cell - b.cell || b.areaPx - a.areaPx)
  const kept: typeof found = []
  for (const one of found) {
    if (kept.every((other) => boxIouXyxy(one.box, other.box) <= DUPLICATE_BOX_IOU)) kept.push(one)
  }
  return kept.map(({ mask, cell, areaPx }) => ({ mask, cell, areaPx }))
}

export type ChooseOptions = {
  grid: Grid
  mask: Mask
  proposals: readonly Proposal[]
  /** `scan` (default): proposals by falling IoU, kept where the union's IoU rises. `maxgain`: always the one that helps most. */
  mode?: 'scan' | 'maxgain'
  /** IoU at which the union is good enough. */
  tau?: number
}

export type Choice = {
  /** Cells in the order of acceptance, seeds outside the mask moved or dropped; at most 64, no duplicates. */
  readonly cells: number[]
  /** IoU of the union after each acceptance, before seeds are moved or dropped. */
  readonly ious: number[]
}

/** A removed proposal may cost this much IoU (maxgain only). */
const PRUNE_IOU = 0.002

/**
 * The cells that say a mask, from proposals. Does not depend on the order of `proposals`. Where nothing is accepted, the
 * cell whose centre lies deepest in the mask, or nearest to it. Empty mask: no cells.
 */
export function chooseFromProposals(options: ChooseOptions): Choice {
  const { grid, mask, mode = 'scan', tau = 0.95 } = options
  if (mask.edges.length === 0) return { cells: [], ious: [] }
  const target = area(mask)
  const candidates = options.proposals
    .map((proposal) => ({ proposal, shared: area(intersect(proposal.mask, mask)) }))
    .filter(({ proposal, shared }) => shared / proposal.areaPx >= 0.5)
    .map(({ proposal, shared }) => ({ proposal, iou: shared / (proposal.areaPx + target - shared) }))
    .sort(
      (a, b) => b.iou - a.iou || b.proposal.areaPx - a.proposal.areaPx || a.proposal.cell - b.proposal.cell,
    )
    .map(({ proposal }) => proposal)
  const accepted =
    mode === 'scan' ? scan(candidates, mask, target, tau) : maxGain(candidates, mask, target, tau)
  const kept = mode === 'maxgain' ? prune(accepted.chosen, mask, target) : accepted.chosen
  const cells: number[] = []
  for (const { cell } of kept) {
    const inside = seedInside(grid, mask, cell)
    if (inside !== undefined && !cells.includes(inside)) cells.push(inside)
  }
  if (cells.length === 0) cells.push(deepestCell(grid, mask))
  return { cells, ious: accepted.ious }
}

function iouWith(mask: Mask, target: number, other: Mask): number {
  const shared = area(intersect(mask, other))
  return shared / (target + area(other) - shared)
}

type Accepted = { chosen: Proposal[]; ious: number[] }

function scan(candidates: readonly Proposal[], mask: Mask, target: number, tau: number): Accepted {
  const accepted: Accepted = { chosen: [], ious: [] }
  let joined: Mask | undefined
  let best = 0
  for (const proposal of candidates) {
    if (best >= tau || accepted.chosen.length === MAX_POINTS) break
    const trial: Mask = joined === undefined ? proposal.mask : union(joined, proposal.mask)
    const value = iouWith(mask, target, trial)
    if (value <= best) continue
    accepted.chosen.push(proposal)
    accepted.ious.push((best = value))
    joined = trial
  }
  return accepted
}

function maxGain(candidates: readonly Proposal[], mask: Mask, target: number, tau: number): Accepted {
  const accepted: Accepted = { chosen: [], ious: [] }
  const open = [...candidates]
  let joined: Mask | undefined
  let best = 0
  while (best < tau && accepted.chosen.length < MAX_POINTS) {
    let at = -1
    let gained = best
    let next: Mask | undefined
    for (let k = 0; k < open.length; k++) {
      const trial: Mask = joined === undefined ? open[k]!.mask : union(joined, open[k]!.mask)
      const value = iouWith(mask, target, trial)
      if (value > gained) [at, gained, next] = [k, value, trial]
    }
    if (at < 0) break
    accepted.chosen.push(open.splice(at, 1)[0]!)
    accepted.ious.push((best = gained))
    joined = next
  }
  return accepted
}

/** Drops, from the last, every proposal that the others make superfluous. */
function prune(chosen: readonly Proposal[], mask: Mask, target: number): Proposal[] {
  const kept = [...chosen]
  const joinedIou = (list: readonly Proposal[]) =>
    list.length === 0
      ? 0
      : iouWith(
          mask,
          target,
          list.map((one) => one.mask).reduce((a, b) => union(a, b)),
        )
  let iou = joinedIou(kept)
  for (let k = kept.length - 1; k >= 0 && kept.length > 1; k--) {
    const without = kept.filter((_, other) => other !== k)
    const value = joinedIou(without)
    if (iou - value < PRUNE_IOU) {
      kept.splice(k, 1)
      iou = value
    }
  }
  return kept
}

/** The cell itself where its centre is in the mask, else the nearest neighbour whose centre is, else undefined. */
function seedInside(grid: Grid, mask: Mask, cell: number): number | undefined {
  const n = grid.cells
  const [i, j] = [cell % n, Math.floor(cell / n)]
  let best: number | undefined
  let bestLength = 3
  for (let v = -1; v <= 1; v++) {
    for (let u = -1; u <= 1; u++) {
      if (i + u < 0 || i + u >= n || j + v < 0 || j + v >= n) continue
      const neighbour = (j + v) * n + i + u
      const length = Math.abs(u) + Math.abs(v)
      if (length < bestLength && maskHas(mask, centreX(grid, neighbour), centreY(grid, neighbour))) {
        best = neighbour
        bestLength = length
      }
    }
  }
  return best
}
