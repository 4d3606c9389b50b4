// Morphology, components, distances and outline scores against naive twins that look at every pixel.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundaryF, boundaryIou, contourPixels } from './boundary.ts'
import { connectedComponents, fillHoles, removeSpeckles } from './components.ts'
import { maskFromRowMajor, rowMajorBytes } from './dense.ts'
import { farthestInsidePoint, squaredDistances } from './distance.ts'
import { MaskError } from './error.ts'
import { emptyMask, equalMasks, fullMask, type Mask } from './mask.ts'
import { area } from './measure.ts'
import {
  type BorderRule,
  closing,
  dilate,
  dilateDisk,
  erode,
  morphologicalGradient,
  opening,
} from './morphology.ts'
import { intersect, subtract, union } from './set-operations.ts'

/** A mask drawn in text: `#` is foreground, rows from top to bottom. */
function drawn(...rows: string[]): Mask {
  const bytes = Uint8Array.from(rows.join(''), (c) => (c === '#' ? 1 : 0))
  return maskFromRowMajor({ widthPx: rows[0]!.length, heightPx: rows.length, bytes })
}

function shown(mask: Mask): string[] {
  const text = Array.from(rowMajorBytes(mask), (b) => (b === 1 ? '#' : '.')).join('')
  return Array.from({ length: mask.heightPx }, (_, y) => text.slice(y * mask.widthPx, (y + 1) * mask.widthPx))
}

const someMask = fc
  .tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 14 }), fc.constantFrom(1, 2, 4, 7))
  .chain(([widthPx, heightPx, density]) =>
    fc
      .array(fc.integer({ min: 0, max: 7 }), { minLength: widthPx * heightPx, maxLength: widthPx * heightPx })
      .map((noise) => {
        const bytes = Uint8Array.from(noise, (n) => (n < density ? 1 : 0))
        return maskFromRowMajor({ widthPx, heightPx, bytes })
      }),
  )
const someSize = fc.integer({ min: 1, max: 9 })
const someBorder = fc.constantFrom<BorderRule>('background', 'ignored')

/** Every pixel looks at its whole square. */
function naive(mask: Mask, sizePx: number, kind: 'any' | 'all', outside: boolean): Mask {
  const { widthPx, heightPx } = mask
  const bytes = rowMajorBytes(mask)
  const before = Math.floor(sizePx / 2)
  const out = new Uint8Array(bytes.length)
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      let any = false
      let all = true
      for (let v = y - before; v < y - before + sizePx; v++) {
        for (let u = x - before; u < x - before + sizePx; u++) {
          const within = u >= 0 && v >= 0 && u < widthPx && v < heightPx
          const value = within ? bytes[v * widthPx + u] === 1 : outside
          any ||= within && value
          all &&= value
        }
      }
      out[y * widthPx + x] = (kind === 'any' ? any : all) ? 1 : 0
    }
  }
  return maskFromRowMajor({ widthPx, heightPx, bytes: out })
}

describe('morphology', () => {
  it('a square of 4 reaches two pixels left and up, one right and down', () => {
    const point = drawn('......', '......', '......', '...#..', '......', '......')
    expect(shown(dilate(point, { sizePx: 4 }))).toEqual([
      '......',
      '......',
      '..####',
      '..####',
      '..####',
      '..####',
    ])
    expect(shown(erode(dilate(point, { sizePx: 4 }), { sizePx: 4 }))[4]).toBe('....#.')
  })

  it('equals the naive square for odd and even sizes and both borders', () => {
    const property = fc.property(someMask, someSize, someBorder, (mask, sizePx, border) => {
      expect(equalMasks(dilate(mask, { sizePx }), naive(mask, sizePx, 'any', false))).toBe(true)
      const expected = naive(mask, sizePx, 'all', border === 'ignored')
      expect(equalMasks(erode(mask, { sizePx, border }), expected)).toBe(true)
    })
    fc.assert(property, { numRuns: 1500, seed: 1 })
  })

  it('opening only takes away, closing only adds, and doing either twice changes nothing', () => {
    const property = fc.property(someMask, someSize, (mask, sizePx) => {
      const opened = opening(mask, { sizePx })
      const closed = closing(mask, { sizePx })
      expect(area(subtract(opened, mask))).toBe(0)
      expect(area(subtract(mask, closed))).toBe(0)
      expect(equalMasks(opening(opened, { sizePx }), opened)).toBe(true)
      expect(equalMasks(closing(closed, { sizePx }), closed)).toBe(true)
    })
    fc.assert(property, { numRuns: 500, seed: 2 })
  })

  it('the gradient of a 4 x 4 block is a frame of width 2', () => {
    const block = drawn('......', '.####.', '.####.', '.####.', '.####.', '......')
    const frame = ['######', '######', '##..##', '##..##', '######', '######']
    expect(shown(morphologicalGradient(block, { sizePx: 3 }))).toEqual(frame)
  })

  it('answers for a large picture from its runs, and refuses a box above the dense limit', () => {
    expect(area(erode(fullMask(2 ** 14, 2 ** 14), { sizePx: 2 ** 14 - 1 }))).toBe(4)
    expect(() => erode(fullMask(2 ** 31 - 1, 1), { sizePx: 3 })).toThrow(MaskError)
  })

  it('refuses sizes that are no whole number of at least 1', () => {
    for (const sizePx of [0, -1, 1.5, Number.NaN])
      expect(() => dilate(fullMask(2, 2), { sizePx })).toThrow(MaskError)
  })
})

/** Flood fill from every pixel not yet seen, in column-major order. */
function naiveComponents(mask: Mask, connectivity: 4 | 8): Mask[] {
  const { widthPx, heightPx } = mask
  const left = rowMajorBytes(mask).slice()
  const out: Mask[] = []
  for (let x = 0; x < widthPx; x++) {
    for (let y = 0; y < heightPx; y++) {
      if (left[y * widthPx + x] === 0) continue
      const bytes = new Uint8Array(left.length)
      const queue = [[x, y] as const]
      while (queue.length > 0) {
        const [u, v] = queue.pop()!
        if (u < 0 || v < 0 || u >= widthPx || v >= heightPx || left[v * widthPx + u] === 0) continue
        left[v * widthPx + u] = 0
        bytes[v * widthPx + u] = 1
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++) {
            if (connectivity === 8 || dx === 0 || dy === 0) queue.push([u + dx, v + dy])
          }
        }
      }
      out.push(maskFromRowMajor({ widthPx, heightPx, bytes }))
    }
  }
  return out
}

function atBorder(mask: Mask): boolean {
  const { widthPx, heightPx } = mask
  return rowMajorBytes(mask).some((b, i) => {
    const x = i % widthPx
    const y = Math.floor(i / widthPx)
    return b === 1 && (x === 0 || y === 0 || x === widthPx - 1 || y === heightPx - 1)
  })
}

describe('components', () => {
  it('a diagonal pair is one component with 8 neighbours, two with 4', () => {
    const pair = drawn('#.', '.#')
    expect(connectedComponents(pair)).toHaveLength(1)
    expect(connectedComponents(pair, { connectivity: 4 }).map(shown)).toEqual([
      ['#.', '..'],
      ['..', '.#'],
    ])
  })

  it('equal flood fill, in both orders', () => {
    const property = fc.property(someMask, fc.constantFrom<4 | 8>(4, 8), (mask, connectivity) => {
      const expected = naiveComponents(mask, connectivity)
      const byPixel = connectedComponents(mask, { connectivity, order: 'first-pixel' })
      expect(byPixel.map(shown)).toEqual(expected.map(shown))
      const byArea = expected
        .map((component, i) => ({ component, i }))
        .sort((a, b) => area(b.component) - area(a.component) || a.i - b.i)
      expect(connectedComponents(mask, { connectivity }).map(shown)).toEqual(
        byArea.map(({ component }) => shown(component)),
      )
    })
    fc.assert(property, { numRuns: 1000, seed: 3 })
  })

  it('holes are background that does not reach the border; specks are small components', () => {
    const rows = fc.property(someMask, fc.integer({ min: 0, max: 9 }), (mask, maxAreaPx) => {
      const background = subtract(fullMask(mask.widthPx, mask.heightPx), mask)
      const holes = naiveComponents(background, 4)
      const enclosed = holes.filter((hole) => !atBorder(hole) && area(hole) <= maxAreaPx)
      expect(equalMasks(fillHoles(mask, { maxAreaPx }), enclosed.reduce(union, mask))).toBe(true)
      const small = holes.filter((hole) => area(hole) <= maxAreaPx)
      expect(equalMasks(fillHoles(mask, { maxAreaPx, atBorder: true }), small.reduce(union, mask))).toBe(true)
      const specks = naiveComponents(mask, 8).filter((component) => area(component) <= maxAreaPx)
      expect(equalMasks(removeSpeckles(mask, { maxAreaPx }), specks.reduce(subtract, mask))).toBe(true)
    })
    fc.assert(rows, { numRuns: 700, seed: 4 })
  })

  it('keeps the largest component on request, however small', () => {
    const specks = drawn('#..##', '.....', '##...')
    expect(shown(removeSpeckles(specks, { maxAreaPx: 9, keepLargest: true }))).toEqual([
      '.....',
      '.....',
      '##...',
    ])
    expect(area(removeSpeckles(specks, { maxAreaPx: 9 }))).toBe(0)
  })

  it('counts the runs, not the pixels, of a picture of two billion pixels', () => {
    expect(connectedComponents(fullMask(2 ** 31 - 1, 1))).toHaveLength(1)
    expect(equalMasks(fillHoles(emptyMask(46340, 46340)), emptyMask(46340, 46340))).toBe(true)
  })

  it('refuses connectivity 6, negative areas, and filling everything', () => {
    expect(() => connectedComponents(fullMask(2, 2), { connectivity: 6 as 4 })).toThrow(MaskError)
    expect(() => removeSpeckles(fullMask(2, 2), { maxAreaPx: Number.NaN })).toThrow(MaskError)
    expect(() => fillHoles(fullMask(2, 2), { atBorder: true })).toThrow(/needs maxAreaPx/)
  })
})

function naiveDistances(mask: Mask, of: 'inside' | 'outside', border: BorderRule): number[] {
  const { widthPx, heightPx } = mask
  const bytes = rowMajorBytes(mask)
  const value = of === 'inside' ? 1 : 0
  const margin = of === 'inside' && border === 'background' ? 1 : 0
  return Array.from(bytes, (b, i) => {
    if (b !== value) return 0
    const x = i % widthPx
    const y = Math.floor(i / widthPx)
    let nearest = Number.POSITIVE_INFINITY
    for (let v = -margin; v < heightPx + margin; v++) {
      for (let u = -margin; u < widthPx + margin; u++) {
        const within = u >= 0 && v >= 0 && u < widthPx && v < heightPx
        if (within && bytes[v * widthPx + u] === value) continue
        nearest = Math.min(nearest, (u - x) ** 2 + (v - y) ** 2)
      }
    }
    return nearest
  })
}

describe('distances', () => {
  it('equal the naive minimum exactly, inside and outside, with both borders', () => {
    const property = fc.property(someMask, someBorder, (mask, border) => {
      for (const of of ['inside', 'outside'] as const) {
        const { squaredPx } = squaredDistances(mask, { of, border })
        expect([...squaredPx]).toEqual(naiveDistances(mask, of, border))
      }
    })
    fc.assert(property, { numRuns: 700, seed: 5 })
  })

  it('the farthest point inside is the first deepest pixel, whatever surrounds the mask', () => {
    const property = fc.property(someMask, someBorder, (mask, border) => {
      const squared = naiveDistances(mask, 'inside', border)
      const deepest = Math.max(...squared)
      const point = farthestInsidePoint(mask, { border })
      if (deepest === 0) {
        expect(point).toBeUndefined()
        return
      }
      const at = squared.indexOf(deepest)
      const expected = {
        x: at % mask.widthPx,
        y: Math.floor(at / mask.widthPx),
        distancePx: Math.sqrt(deepest),
      }
      expect(point).toEqual(expected)
    })
    fc.assert(property, { numRuns: 700, seed: 6 })
  })

  it('the middle of a full 5 x 3 picture lies two pixels from the outside', () => {
    expect(farthestInsidePoint(fullMask(5, 3))).toEqual({ x: 1, y: 1, distancePx: 2 })
    expect(farthestInsidePoint(fullMask(5, 3), { border: 'ignored' })!.distancePx).toBe(
      Number.POSITIVE_INFINITY,
    )
  })
})

/** DAVIS's rule read off pixel by pixel. */
function naiveContour(mask: Mask): Mask {
  const { widthPx, heightPx } = mask
  const bytes = rowMajorBytes(mask)
  const at = (x: number, y: number) => bytes[Math.min(y, heightPx - 1) * widthPx + Math.min(x, widthPx - 1)]
  const out = bytes.map((b, i) => {
    const x = i % widthPx
    const y = Math.floor(i / widthPx)
    return b !== at(x + 1, y) || b !== at(x, y + 1) || b !== at(x + 1, y + 1) ? 1 : 0
  })
  return maskFromRowMajor({ widthPx, heightPx, bytes: out })
}

describe('outline scores', () => {
  it('a disk is what lies within its radius, and far tolerances agree with near ones', () => {
    const property = fc.property(someMask, fc.constantFrom(0, 1, 1.5, 2, 2.9, 5, 100), (mask, radiusPx) => {
      const near = naiveDistances(mask, 'outside', 'ignored').map((d) => (d <= radiusPx ** 2 ? 1 : 0))
      const bytes = Uint8Array.from(near)
      const expected = maskFromRowMajor({ widthPx: mask.widthPx, heightPx: mask.heightPx, bytes })
      expect(equalMasks(dilateDisk(mask, { radiusPx }), expected)).toBe(true)
      const other = dilate(mask, { sizePx: 3 })
      // The picture is smaller than both: one goes through the disk, the other through the distances.
      expect(boundaryF(mask, other, { tolerancePx: 60 })).toEqual(boundaryF(mask, other, { tolerancePx: 70 }))
    })
    fc.assert(property, { numRuns: 500, seed: 9 })
  })

  it('the contour of a 2 x 2 block is its upper left surroundings without the block itself', () => {
    const block = drawn('.....', '.##..', '.##..', '.....')
    expect(shown(contourPixels(block))).toEqual(['###..', '#.#..', '###..', '.....'])
  })

  it('contours equal the naive rule, precision and recall the naive search', () => {
    const property = fc.property(someMask, fc.integer({ min: 0, max: 4 }), (mask, tolerancePx) => {
      expect(equalMasks(contourPixels(mask), naiveContour(mask))).toBe(true)
      const other = erode(mask, { sizePx: 2 })
      const a = naiveContour(mask)
      const b = naiveContour(other)
      if (area(a) === 0 || area(b) === 0) return
      const toB = naiveDistances(b, 'outside', 'ignored')
      const near = [...rowMajorBytes(a)].filter((v, i) => v === 1 && toB[i]! <= tolerancePx ** 2).length
      const score = boundaryF(mask, other, { tolerancePx })
      expect(score.precision).toBeCloseTo(near / area(a), 12)
      expect(boundaryF(other, mask, { tolerancePx }).recall).toBeCloseTo(score.precision, 12)
    })
    fc.assert(property, { numRuns: 500, seed: 7 })
  })

  it('boundary IoU compares the naive bands', () => {
    const property = fc.property(someMask, fc.constantFrom(0.02, 0.1, 0.3), (mask, widthOfDiagonal) => {
      const other = dilate(mask, { sizePx: 2 })
      const width = Math.max(1, Math.round(widthOfDiagonal * Math.hypot(mask.widthPx, mask.heightPx)))
      const band = (m: Mask) => subtract(m, naive(m, 2 * width + 1, 'all', false))
      const all = area(union(band(mask), band(other)))
      const both = area(intersect(band(mask), band(other)))
      expect(boundaryIou(mask, other, { widthOfDiagonal })).toBeCloseTo(all === 0 ? 1 : both / all, 12)
    })
    fc.assert(property, { numRuns: 500, seed: 8 })
  })

  it('a 10 x 10 block moved by one pixel: band IoU 18 / 54, all contours within one pixel', () => {
    const block = (x0: number) => {
      const bytes = new Uint8Array(400).map((_, i) => {
        const x = i % 20
        const y = Math.floor(i / 20)
        return x >= x0 && x < x0 + 10 && y >= 5 && y < 15 ? 1 : 0
      })
      return maskFromRowMajor({ widthPx: 20, heightPx: 20, bytes })
    }
    // Frames of 36 pixels each; they share two rows of 9 pixels, so 18 / (72 - 18).
    expect(boundaryIou(block(5), block(6))).toBeCloseTo(18 / 54, 12)
    expect(boundaryF(block(5), block(6))).toEqual({ precision: 1, recall: 1, f: 1 })
    expect(boundaryF(block(2), block(9), { tolerancePx: 0 }).f).toBeLessThan(0.5)
  })

  it('empty and full masks score as documented', () => {
    const none = emptyMask(8, 8)
    const all = fullMask(8, 8)
    const some = drawn(...Array.from({ length: 8 }, () => '..##....'))
    expect(boundaryIou(none, none)).toBe(1)
    expect(boundaryIou(none, some)).toBe(0)
    expect(boundaryF(none, none).f).toBe(1)
    expect(boundaryF(none, some)).toEqual({ precision: 1, recall: 0, f: 0 })
    expect(boundaryF(some, none)).toEqual({ precision: 0, recall: 1, f: 0 })
    expect(boundaryF(none, all).f).toBe(0)
    expect(boundaryF(all, all).f).toBe(1)
    expect(() => boundaryF(none, emptyMask(8, 9))).toThrow(MaskError)
  })
})
