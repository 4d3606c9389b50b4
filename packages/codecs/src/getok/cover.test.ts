import { area, emptyMask, fullMask, iou, type Mask, maskFromRowMajor, union } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { blob, thinLine } from '../../test/getok-blobs.ts'
import type { Pixels, Segmentation, Segmenter } from '../codec.ts'
import { coverMask, deepestCell, MAX_POINTS, nearestCell } from './cover.ts'
import { centreX, centreY, gridOf } from './grid.ts'
import { maskHas } from './pixel.ts'
import { chooseFromProposals, type Proposal, proposeRegions } from './proposals.ts'
import { randomFrom } from './random.ts'

const blobs = Array.from({ length: 60 }, (_, seed) => blob(seed + 1))

/** A mask of single rectangles [left, top, right, bottom] in a picture of 64 x 64. */
function rectangles(...boxes: [number, number, number, number][]): Mask {
  const bytes = new Uint8Array(64 * 64)
  for (const [left, top, right, bottom] of boxes) {
    for (let y = top; y < bottom; y++) bytes.fill(1, y * 64 + left, y * 64 + right)
  }
  return maskFromRowMajor({ widthPx: 64, heightPx: 64, bytes })
}

describe('disc cover', () => {
  it('names cells whose centres are in the mask, once each, at most 64, with a union IoU that never falls', () => {
    for (const mask of [...blobs, thinLine(1), thinLine(2), fullMask(50, 20), rectangles([0, 0, 64, 64])]) {
      for (const cells of [16, 32, 64]) {
        const grid = gridOf({ widthPx: mask.widthPx, heightPx: mask.heightPx, cells })
        const cover = coverMask(grid, mask)
        expect(cover.cells.length).toBeGreaterThan(0)
        expect(cover.cells.length).toBeLessThanOrEqual(MAX_POINTS)
        expect(new Set(cover.cells).size).toBe(cover.cells.length)
        if (cover.ious[0] !== 0) {
          for (const cell of cover.cells)
            expect(maskHas(mask, centreX(grid, cell), centreY(grid, cell))).toBe(true)
        }
        for (let k = 1; k < cover.ious.length; k++) expect(cover.ious[k]!).toBeGreaterThan(cover.ious[k - 1]!)
      }
    }
  })

  it('costs about as many words on blobs as the paper reports: 5.2, 8.7, 14.6 for 16, 32, 64 cells', () => {
    const means = [16, 32, 64].map((cells) => {
      const counts = blobs.map(
        (mask) => coverMask(gridOf({ widthPx: 210, heightPx: 210, cells }), mask).cells.length,
      )
      return counts.reduce((a, b) => a + b, 0) / blobs.length
    })
    expect(Math.abs(means[0]! - 5.2)).toBeLessThan(1)
    expect(Math.abs(means[1]! - 8.7)).toBeLessThan(1.5)
    expect(Math.abs(means[2]! - 14.6)).toBeLessThan(3)
  })

  it('begins a square in its middle and then goes for its corners', () => {
    const grid = gridOf({ widthPx: 64, heightPx: 64, cells: 32 })
    const { cells } = coverMask(grid, rectangles([8, 8, 48, 48]))
    expect([13 * 32 + 13, 13 * 32 + 14, 14 * 32 + 13, 14 * 32 + 14]).toContain(cells[0])
    const corners = new Set(cells.slice(1).map((cell) => `${cell % 32 < 14} ${Math.floor(cell / 32) < 14}`))
    expect(corners.size).toBe(4)
  })

  it('points at every part of a mask in pieces', () => {
    const grid = gridOf({ widthPx: 64, heightPx: 64, cells: 16 })
    const { cells } = coverMask(grid, rectangles([2, 2, 20, 20], [40, 40, 62, 62]))
    const left = cells.filter((cell) => cell % 16 < 8).length
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(cells.length)
  })

  it('falls back to the nearest centre where no centre is in the mask', () => {
    const grid = gridOf({ widthPx: 64, heightPx: 64, cells: 4 })
    // Centres are at 8, 24, 40, 56; the pixel (31, 9) is nearest to the centre (24, 8).
    const speck = rectangles([31, 9, 32, 10])
    expect(coverMask(grid, speck)).toEqual({ cells: [1], ious: [0] })
    expect(deepestCell(grid, speck)).toBe(1)
    expect(coverMask(grid, emptyMask(64, 64))).toEqual({ cells: [], ious: [] })
  })

  it('finds the nearest centre as a search over all pixels and centres does', () => {
    const random = randomFrom(11)
    for (let round = 0; round < 40; round++) {
      const x = Math.floor(random() * 60)
      const y = Math.floor(random() * 60)
      const mask = rectangles([x, y, x + 1 + Math.floor(random() * 3), y + 1 + Math.floor(random() * 3)])
      const grid = gridOf({ widthPx: 64, heightPx: 64, cells: 5 })
      let [best, at] = [Number.POSITIVE_INFINITY, 0]
      for (let cell = 0; cell < 25; cell++) {
        for (let p = 0; p < 64 * 64; p++) {
          if (!maskHas(mask, p % 64, Math.floor(p / 64))) continue
          const distance = Math.hypot(
            (p % 64) + 0.5 - centreX(grid, cell),
            Math.floor(p / 64) + 0.5 - centreY(grid, cell),
          )
          if (distance < best - 1e-9) [best, at] = [distance, cell]
        }
      }
      expect(nearestCell(grid, mask)).toBe(at)
    }
  })
})

/** A toy segmenter: the connected region of equal colour under the first point, and the same cut at the point's row. */
const toy: Segmenter<Pixels> = {
  name: 'equal colours',
  async encodeImage(pixels) {
    return pixels
  },
  async segment(image, prompt, options = {}) {
    const { widthPx, heightPx, rgb } = image
    const start = Math.floor(prompt.pointsXyPx[1]!) * widthPx + Math.floor(prompt.pointsXyPx[0]!)
    const bytes = new Uint8Array(widthPx * heightPx)
    const stack = [start]
    while (stack.length > 0) {
      const at = stack.pop()!
      if (bytes[at] === 1 || rgb[3 * at] !== rgb[3 * start]) continue
      bytes[at] = 1
      if (at % widthPx > 0) stack.push(at - 1)
      if (at % widthPx < widthPx - 1) stack.push(at + 1)
      if (at >= widthPx) stack.push(at - widthPx)
      if (at + widthPx < bytes.length) stack.push(at + widthPx)
    }
    const whole: Segmentation = {
      mask: maskFromRowMajor({ widthPx, heightPx, bytes }),
      score: 0.95,
      stability: 1,
    }
    if (options.multimask !== true) return [whole]
    const upper = bytes.map((byte, at) => (at <= start ? byte : 0))
    return [whole, { mask: maskFromRowMajor({ widthPx, heightPx, bytes: upper }), score: 0.5, stability: 1 }]
  },
}

/** Stripes of four colours in a picture of 64 x 64. */
const stripes: Pixels = {
  widthPx: 64,
  heightPx: 64,
  rgb: Uint8Array.from({ length: 64 * 64 * 3 }, (_, k) => 60 * Math.floor((Math.floor(k / 3) % 64) / 16)),
}
const grid = gridOf({ widthPx: 64, heightPx: 64, cells: 8 })

describe('proposals of a segmenter', () => {
  it('are one for each region: weak ones and near-equal boxes go', async () => {
    const proposals = await proposeRegions({ grid, segmenter: toy, image: stripes })
    expect(proposals.map(({ cell, areaPx }) => [cell, areaPx])).toEqual([
      [0, 1024],
      [2, 1024],
      [4, 1024],
      [6, 1024],
    ])
  })

  it.each(['scan', 'maxgain'] as const)(
    'say two stripes by their two seeds (%s), in any order of proposals',
    async (mode) => {
      const proposals = await proposeRegions({ grid, segmenter: toy, image: stripes })
      const mask = rectangles([16, 0, 48, 64])
      const choice = chooseFromProposals({ grid, mask, proposals, mode })
      expect(choice).toEqual({ cells: [2, 4], ious: [0.5, 1] })
      expect(chooseFromProposals({ grid, mask, proposals: [...proposals].reverse(), mode })).toEqual(choice)
    },
  )

  const proposal = (cell: number, ...boxes: [number, number, number, number][]): Proposal => {
    const mask = rectangles(...boxes)
    return { cell, mask, areaPx: area(mask) }
  }

  it('keep every rise when scanning and only the needed ones when maximising', () => {
    const mask = rectangles([0, 0, 64, 32])
    const proposals = [
      proposal(0, [0, 0, 40, 32]),
      proposal(3, [24, 0, 64, 32]),
      proposal(1, [0, 0, 20, 32]),
      proposal(7, [39, 0, 64, 33]),
    ]
    const scan = chooseFromProposals({ grid, mask, proposals, mode: 'scan' })
    expect(scan.cells).toEqual([0, 3])
    for (const mode of ['scan', 'maxgain'] as const) {
      const { cells, ious } = chooseFromProposals({ grid, mask, proposals, mode, tau: 1 })
      expect(cells).toEqual([0, 3])
      expect(ious[1]).toBe(1)
      expect(iou(mask, union(proposals[0]!.mask, proposals[1]!.mask))).toBe(1)
    }
  })

  it('move a seed outside the mask to the nearest centre inside, or drop it', () => {
    // The centre of cell 9 is (12, 12); the mask begins at x = 14 and holds the centre of cell 10, (20, 12).
    const mask = rectangles([14, 8, 30, 30])
    expect(chooseFromProposals({ grid, mask, proposals: [proposal(9, [14, 8, 30, 30])] }).cells).toEqual([10])
    const dropped = chooseFromProposals({ grid, mask, proposals: [proposal(63, [14, 8, 30, 30])] })
    expect(dropped.cells).toEqual([deepestCell(grid, mask)])
  })

  it('fall back to the deepest centre when nothing helps, and give nothing for an empty mask', () => {
    const mask = rectangles([0, 0, 40, 40])
    expect(chooseFromProposals({ grid, mask, proposals: [] }).cells).toEqual([deepestCell(grid, mask)])
    expect(chooseFromProposals({ grid, mask, proposals: [proposal(0, [0, 0, 64, 64])] }).cells).toEqual([
      deepestCell(grid, mask),
    ])
    expect(chooseFromProposals({ grid, mask: emptyMask(64, 64), proposals: [] })).toEqual({
      cells: [],
      ious: [],
    })
  })

  it('stop when asked to', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(proposeRegions({ grid, segmenter: toy, image: stripes, signal })).rejects.toThrow('enough')
  })
})
